package connpool

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// hooks calls the functions of a Trace, and writes to the Logger.
type hooks struct {
	trace  Trace // its zero value traces nothing
	logger *slog.Logger
}

func newHooks(t *Trace, l *slog.Logger) hooks {
	h := hooks{logger: l}
	if t != nil {
		h.trace = *t
	}
	return h
}

// log writes if there is a Logger that wants it.
func (h *hooks) log(level slog.Level, message string, args ...any) {
	if h.logger != nil {
		logTo(h.logger, level, message, args...)
	}
}

// complain writes what nobody may miss, without a Logger to the default one.
func (h *hooks) complain(message string, args ...any) {
	l := h.logger
	if l == nil {
		l = slog.Default()
	}
	logTo(l, slog.LevelError, message, args...)
}

// logTo survives a handler that panics, as it is somebody else's. The default Logger is
// told of that, if it is another.
func logTo(l *slog.Logger, level slog.Level, message string, args ...any) {
	defer func() {
		if r := recover(); r != nil && l != slog.Default() {
			logTo(slog.Default(), slog.LevelError, "connpool: panic in the Logger", "panic", fmt.Sprint(r), "lost", message)
		}
	}()
	l.Log(context.Background(), level, message, args...)
}

// rescue is deferred around a hook that runs where its panic would hit
// somebody who has nothing to do with it.
func (h *hooks) rescue(hook string) {
	if r := recover(); r != nil {
		h.complain("connpool: panic in a hook", "hook", hook, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
	}
}

func (h *hooks) waitStart(at *host) {
	if f := h.trace.WaitStart; f != nil {
		defer h.rescue("Trace.WaitStart")
		f(at.network, at.address)
	}
}

func (h *hooks) waitDone(at *host, waited time.Duration, err error) {
	if f := h.trace.WaitDone; f != nil {
		defer h.rescue("Trace.WaitDone")
		f(at.network, at.address, waited, err)
	}
}

func (h *hooks) dialStart(network, address string) {
	if f := h.trace.DialStart; f != nil {
		defer h.rescue("Trace.DialStart")
		f(network, address)
	}
}

func (h *hooks) dialDone(network, address string, took time.Duration, err error) {
	if err != nil {
		h.log(slog.LevelDebug, "connpool: dial failed", "network", network, "address", address, "took", took, "error", err)
	}
	if f := h.trace.DialDone; f != nil {
		defer h.rescue("Trace.DialDone")
		f(network, address, took, err)
	}
}

func (h *hooks) reused(at *host) {
	if f := h.trace.Reused; f != nil {
		defer h.rescue("Trace.Reused")
		f(at.network, at.address)
	}
}

func (h *hooks) closed(network, address string, why CloseReason) {
	h.log(slog.LevelDebug, "connpool: closed", "network", network, "address", address, "why", why)
	if f := h.trace.Closed; f != nil {
		defer h.rescue("Trace.Closed")
		f(network, address, why)
	}
}
