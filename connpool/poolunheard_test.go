package connpool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// TestPanicOfADialThatNobodyWaitsForIsSwallowed: it has no Get to be raised in, so the
// Logger must have all that is known of it.
func TestPanicOfADialThatNobodyWaitsForIsSwallowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		p, n := fakePool(t, 1, func(p *Pool) { p.Logger = log.logger() })
		n.on = func(context.Context, string) error {
			time.Sleep(time.Second)
			panic("fake panic")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := p.Get(ctx, "tcp", "x:1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Get: %v", err)
		}
		time.Sleep(time.Minute)
		wantText(t, lineWith(&log, "level=ERROR"), "fake panic", "in=dial", "x:1", "poolunheard_test.go")
		n.on = nil
		get(t, p, "x:1").Put()
	})
}

// TestPanicOfACloseThatNobodyWaitsForIsSwallowed: it is of a connection that was evicted for
// another's Get, which has given up.
func TestPanicOfACloseThatNobodyWaitsForIsSwallowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		p, n := fakePool(t, 1, func(p *Pool) { p.Logger = log.logger() })
		n.onClose = func() {
			time.Sleep(time.Second)
			panic("fake panic")
		}
		get(t, p, "x:1").Put()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := newSlotted(p.Slots, "y:1").resource.GetContext(ctx); !errors.Is(err, resourcepool.ErrorResourceLimitExceeded) {
			t.Fatalf("Get: %v", err)
		}
		time.Sleep(time.Minute)
		wantText(t, lineWith(&log, "level=ERROR"), "fake panic", "in=close", "x:1")
	})
}

// lineWith returns the only line of the log that says this.
func lineWith(log *logged, text string) error {
	var found []string
	for line := range strings.Lines(log.text()) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("%d lines with %s", len(found), text)
	}
	return errors.New(found[0])
}
