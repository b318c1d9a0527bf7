//go:build linux

package load

import (
	"context"
	"log/slog"
	"strings"

	"github.com/slotpool/slotpool/cmd/soak/check"
)

// unsolicited begins what net/http logs of a server that sends what nobody asked for.
const unsolicited = "Unsolicited response received on idle HTTP channel"

// logged is what the library writes to the default logger: the panics of dialers for
// which nobody waits any more are counted, and nothing else may come.
type logged struct {
	slog.Handler
	load *Load
}

func (h *logged) Handle(ctx context.Context, r slog.Record) error {
	ours := false
	r.Attrs(func(a slog.Attr) bool {
		_, ours = a.Value.Any().(*dialPanic)
		return !ours
	})
	switch {
	case ours:
		h.load.Tally.add(CountLogged)
		return nil
	case strings.HasPrefix(r.Message, unsolicited):
		return nil
	}
	if r.Level >= slog.LevelError {
		h.load.Ledger.Fail(check.Errors, "logged: %s", r.Message)
	}
	return h.Handler.Handle(ctx, r)
}

func (h *logged) WithAttrs(a []slog.Attr) slog.Handler {
	return &logged{h.Handler.WithAttrs(a), h.load}
}

func (h *logged) WithGroup(name string) slog.Handler {
	return &logged{h.Handler.WithGroup(name), h.load}
}

// checkPanics compares, at the end, the panics of dialers with those that came out: each in
// one Get, or in the log.
func (l *Load) checkPanics() {
	raised := l.StruckBy[FaultDialPanic].Load()
	passed, logged := l.Tally[CountPanics].Load(), l.Tally[CountLogged].Load()
	if raised != passed+logged {
		l.Ledger.Fail(check.Errors, "dialers panicked %d times, of which %d came out of a Get and %d were logged", raised, passed, logged)
	}
}
