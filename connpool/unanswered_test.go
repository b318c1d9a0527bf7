package connpool

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A dead host whose users give up and come again was new each time once its dial had been ended for
// want of slots, and so had a slot again. Now it is remembered, with a Backoff and without.
func TestDeadHostWhoseDialWasEndedStaysSuspect(t *testing.T) {
	for _, b := range []*Backoff{nil, {}} {
		synctest.Test(t, func(t *testing.T) { deadHostStaysSuspect(t, b) })
	}
}

func deadHostStaysSuspect(t *testing.T, b *Backoff) {
	const slots, dead = 4, 8
	var dials atomic.Int32
	p := &Pool{Slots: fakeSlots(slots), DialTimeout: time.Hour, Backoff: b}
	p.DialFunc = func(ctx context.Context, _, address string) (net.Conn, error) {
		dials.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	const patience, rounds = 5 * time.Second, 4 // in all less than untroubled
	for range rounds {
		for i := range dead {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if _, err := p.Get(ctx, "tcp", string(rune('a'+i))+":1"); ctx.Err() == nil {
					t.Errorf("Get of a dead host: %v", err)
				}
			}()
		}
		time.Sleep(patience + time.Second)
		synctest.Wait()
	}
	if n := dials.Load(); n != dead {
		t.Errorf("%d dials of %d dead hosts, want one each, as a healthy one", n, dead)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
