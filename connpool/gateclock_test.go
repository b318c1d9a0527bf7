package connpool

import (
	"context"
	"net"
	"testing"

	"github.com/slotpool/slotpool/internal/dialgate"
	"github.com/slotpool/slotpool/internal/testkit"
)

// An address was taken for dead because its dials waited for permits.
func TestDialHasNotBegunWhileItWaitsForPermits(t *testing.T) {
	g := newGate()
	all := &permit{n: 1 << 20}
	g.permits.lock.Lock()
	g.permits.use(all)
	g.permits.lock.Unlock()
	clock := &dialgate.Clock{}
	clock.Begin() // what an earlier dial has left
	running, goOn, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		_, err := g.dial(t.Context(), "tcp", "name:1", func(context.Context, string, string) (net.Conn, error) {
			running <- true
			<-goOn
			return nil, errFake
		}, dialOptions{clock: clock, ours: true})
		done <- err
	}()
	testkit.Eventually(t, "a dial that waits", func() bool {
		g.permits.lock.Lock()
		defer g.permits.lock.Unlock()
		return g.permits.patient.Len() == 1
	})
	if at := clock.AllocateBegan(); !at.IsZero() {
		t.Fatalf("began at %v", at)
	}
	g.permits.end(all)
	<-running
	if clock.AllocateBegan().IsZero() {
		t.Fatal("not begun")
	}
	goOn <- true
	testkit.WantErr(t, "dial", <-done, errFake)
	wantUnused(t, &g.permits)
}
