package connpool

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestResetRunsBeforeAnyoneElseHasIt(t *testing.T) {
	resetting, goOn := make(chan bool), make(chan error)
	p, n := fakePool(t, 1, func(p *Pool) {
		p.Reset = func(ctx context.Context, c net.Conn) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("no deadline")
			}
			resetting <- true
			return <-goOn
		}
	})
	get(t, p, "x:1").Put() // does not wait
	<-resetting
	if _, ok := p.TryGet("tcp", "x:1"); ok {
		t.Fatal("somebody has it while it is reset")
	}
	if st := p.Stats(); st.InUse != 1 || st.Idle != 0 {
		t.Fatalf("%+v", st)
	}
	goOn <- nil
	testkit.Eventually(t, "parked", func() bool { return p.Stats().Idle == 1 })
	c := get(t, p, "x:1")
	if !c.Reused() {
		t.Fatal("not reused")
	}
	c.Put()
	<-resetting
	goOn <- errFake
	testkit.Eventually(t, "closed", func() bool { return p.Stats().Closed.Reset == 1 })
	if _, open := n.count(); open != 0 {
		t.Fatalf("%d are open", open)
	}
}

func TestResetThatHangsIsClosedAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		returned := make(chan bool)
		p, _ := fakePool(t, 1, func(p *Pool) {
			p.Reset = func(ctx context.Context, c net.Conn) error {
				defer close(returned)
				time.Sleep(time.Minute) // whatever ctx says
				return nil
			}
		})
		get(t, p, "x:1").Put()
		began := time.Now()
		get(t, p, "y:1").Close() // needs the slot
		if d := time.Since(began); d != resetTimeout {
			t.Fatalf("the slot was free after %v, want %v", d, resetTimeout)
		}
		if n := p.Stats().Closed.Reset; n != 1 {
			t.Fatalf("%d closed by reset", n)
		}
		<-returned // and its success does nothing any more
	})
}
