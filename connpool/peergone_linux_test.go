package connpool

import (
	"context"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestLateNewsOfAPeerLeavesTheNextConnection: PeerGone may be called until shortly after
// Forget, when the slot has another connection.
func TestLateNewsOfAPeerLeavesTheNextConnection(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"of package net": func(c net.Conn) net.Conn { return c },
		"somebody's":     func(c net.Conn) net.Conn { return wrapped{c} },
	} {
		t.Run(name, func(t *testing.T) {
			p := usePool(t, 1)
			s := newServer(t, "tcp")
			cr := s.resource()
			d := dialerFunc(func(network, address string) (net.Conn, error) {
				inner, err := net.Dial(network, address)
				return wrap(inner), err
			})
			conn := mustGetWith(t, cr, d)
			s.accept()
			old := conn.of
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			conn = mustGetWith(t, cr, d)
			there := s.accept()
			old.PeerGone()
			old.closeForeign() // which PeerGone may have begun, and now is over
			conn.Put()
			wantUsage(t, p, 0, 1)
			old.PeerGone()
			old.closeForeign()
			wantUsage(t, p, 0, 1)
			conn = mustGetWith(t, cr, mustNotDial(t))
			wantTalk(t, conn, there)
			conn.Put()
		})
	}
}

// TestNewsOfAPeerClosesBeforeItReturns what is parked: so between the news and the close there is no
// other goroutine to wait for, and no timer.
func TestNewsOfAPeerClosesBeforeItReturns(t *testing.T) {
	p := usePool(t, 1)
	s := newServer(t, "tcp")
	conn := mustGet(t, s.resource())
	s.accept()
	k, inner := conn.of, conn.Conn
	conn.Put()
	k.PeerGone()
	wantUsage(t, p, 0, 0)
	if err := inner.SetDeadline(time.Now()); err == nil {
		t.Error("the connection is still open")
	}
}

// TestClosedConnectionIsKeptByNobody, above all not by the watcher.
func TestClosedConnectionIsKeptByNobody(t *testing.T) {
	t.Run("ConnResource", func(t *testing.T) {
		usePool(t, 1)
		s := newServer(t, "tcp")
		cr := s.resource()
		awaitFreed(t, func() weak.Pointer[connection] {
			conn := mustGet(t, cr)
			defer conn.Close()
			return weak.Make(conn.of)
		})
		runtime.KeepAlive(cr)
	})
	t.Run("Pool", func(t *testing.T) {
		s := newServer(t, "tcp")
		p := dialPool(t, 1, nil)
		awaitFreed(t, func() weak.Pointer[connection] {
			conn, err := p.Get(patient(t), s.network, s.address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			return weak.Make(conn.of)
		})
		runtime.KeepAlive(p)
	})
}

// awaitFreed waits until the garbage collector has taken what make returns.
func awaitFreed(t *testing.T, make func() weak.Pointer[connection]) {
	t.Helper()
	w := make()
	testkit.Eventually(t, "the connection freed", func() bool {
		runtime.GC()
		return w.Value() == nil
	})
}

// slowToClose is somebody's connection whose Close waits, and then may panic.
type slowToClose struct {
	wrapped
	begun, end chan struct{}
	panics     bool
}

func (c slowToClose) Close() error {
	close(c.begun)
	<-c.end
	err := c.wrapped.Close()
	if c.panics {
		panic("fake panic")
	}
	return err
}

// TestCloseOfSomebodysConnectionKeepsNoNewsFromOthers though it waits, and nobody is hurt by its panic.
func TestCloseOfSomebodysConnectionKeepsNoNewsFromOthers(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(map[bool]string{false: "waits", true: "panics"}[panics], func(t *testing.T) {
			p := usePool(t, 2)
			s := newServer(t, "tcp")
			slow := slowToClose{begun: make(chan struct{}), end: make(chan struct{}), panics: panics}
			end := sync.OnceFunc(func() { close(slow.end) })
			defer end()
			ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
			defer cancel()
			mustGetWith(t, s.resource(), dialerFunc(func(network, address string) (net.Conn, error) {
				inner, err := net.Dial(network, address)
				slow.wrapped = wrapped{inner}
				return slow, err
			})).Put()
			closed(t, s.accept())
			select {
			case <-slow.begun:
			case <-ctx.Done():
				t.Fatal("not closed")
			}
			awaitWatch(t, p, s)
			end()
			testkit.Eventually(t, "a free slot", func() bool { return parked(p) == 0 })
		})
	}
}
