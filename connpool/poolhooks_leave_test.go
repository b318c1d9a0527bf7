package connpool

import (
	"context"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// panicky is the handler of a Logger that fails.
type panicky struct{ slog.Handler }

func (panicky) Enabled(context.Context, slog.Level) bool  { return true }
func (panicky) Handle(context.Context, slog.Record) error { panic("fake Logger") }

// TestPanicOfTheLoggerLosesNothing wherever the pool logs.
func TestPanicOfTheLoggerLosesNothing(t *testing.T) {
	for _, where := range []string{"closed", "dial failed", "dial ended", "hook", "held for long"} {
		t.Run(where, func(t *testing.T) {
			p, n := fakePool(t, 1, func(p *Pool) {
				p.Logger = slog.New(panicky{})
				switch where {
				case "dial ended":
					p.Trace = &Trace{DialDone: func(string, string, time.Duration, error) { panic("fake DialDone") }}
				case "hook":
					p.Reset = func(context.Context, net.Conn) error { panic("fake Reset") }
				case "held for long":
					p.HoldWarning = time.Nanosecond
				}
			})
			if where == "dial failed" {
				n.on = func(context.Context, string) error { return errFake }
				_, err := p.Get(patient(t), "tcp", "x:1")
				wantIs(t, "a dial that fails", err, errFake)
				return
			}
			c := get(t, p, "x:1")
			if where == "held for long" {
				testkit.Eventually(t, "a warning", func() bool { return c.of.pooled.held.Load().warned.Load() })
			}
			c.Put()
			_ = get(t, p, "y:1").Close()
			testkit.Eventually(t, "a free slot", func() bool { return p.Slots.Stats().InUse == 0 })
		})
	}
}

// TestGoexitOfHooksLosesNothing: a hook of a test may call FailNow.
func TestGoexitOfHooksLosesNothing(t *testing.T) {
	for _, hook := range []string{"WaitStart", "WaitDone", "DialStart", "DialDone", "Reused", "Closed", "Reset", "Check"} {
		t.Run(hook, func(t *testing.T) {
			p, _ := fakePool(t, 1, func(p *Pool) {
				p.Trace = &Trace{}
				switch hook {
				case "WaitStart":
					p.Trace.WaitStart = func(_, _ string) { runtime.Goexit() }
				case "WaitDone":
					p.Trace.WaitDone = func(string, string, time.Duration, error) { runtime.Goexit() }
				case "DialStart":
					p.Trace.DialStart = func(_, _ string) { runtime.Goexit() }
				case "DialDone":
					p.Trace.DialDone = func(string, string, time.Duration, error) { runtime.Goexit() }
				case "Reused":
					p.Trace.Reused = func(_, _ string) { runtime.Goexit() }
				case "Closed":
					p.Trace.Closed = func(string, string, CloseReason) { runtime.Goexit() }
				case "Reset":
					p.Reset = func(context.Context, net.Conn) error { runtime.Goexit(); return nil }
				case "Check":
					p.Check = func(context.Context, net.Conn) error { runtime.Goexit(); return nil }
				}
			})
			for range 2 {
				done := make(chan struct{})
				go func() {
					defer close(done)
					for _, address := range []string{"x:1", "x:1", "y:1"} {
						if c, err := p.Get(patient(t), "tcp", address); err == nil {
							c.Put()
						}
					}
				}()
				<-done
				testkit.Eventually(t, "a free slot", func() bool { return p.Slots.Stats().InUse == 0 })
			}
		})
	}
}

// TestWaitStartThatGoesLosesNoDeadConnection that the Get was about to replace.
func TestWaitStartThatGoesLosesNoDeadConnection(t *testing.T) {
	p, _ := fakePool(t, 1, func(p *Pool) {
		first := true
		p.Trace = &Trace{WaitStart: func(_, _ string) {
			if !first {
				runtime.Goexit()
			}
			first = false
		}}
		p.Check = func(context.Context, net.Conn) error { return errFake }
	})
	get(t, p, "x:1").Put()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = p.Get(patient(t), "tcp", "x:1")
	}()
	<-done
	wantUsage(t, p.Slots, 0, 0)
}

// TestPanicInTheLoopOverHoldersKeepsNoAddress in the pool.
func TestPanicInTheLoopOverHoldersKeepsNoAddress(t *testing.T) {
	p, _ := fakePool(t, 300, nil)
	var held []*Conn
	for i := range 300 { // several in a shard of the table
		held = append(held, get(t, p, addressOf(i)))
	}
	testkit.WantPanic(t, "fake loop", func() {
		for range p.Holders() {
			panic("fake loop")
		}
	})
	for _, c := range slices.Backward(held) {
		_ = c.Close()
	}
	if n := p.Stats().Addresses; n != 0 {
		t.Errorf("%d addresses are left", n)
	}
}
