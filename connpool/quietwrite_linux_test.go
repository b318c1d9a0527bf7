package connpool

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// writeBeside has a write of the user's under way on a quiet connection, which ended lets
// go, while an eviction that has looked before it began waits for it.
//
// The deadline of the write is so long after it has begun, or 0 for none. It may not be set before, as a
// busy machine may take as long to begin: the write would have ended then.
func writeBeside(t *testing.T, lasts time.Duration) (c net.Conn, ended <-chan error, letGo chan<- bool) {
	t.Helper()
	s := newServer(t, "tcp")
	p := quietPool(t, 2)
	c = mustDial(t, p, s)
	t.Cleanup(func() { c.Close() })
	wantTalk(t, c, s.accept())
	raw, err := c.(*quietConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	watch := &c.(*quietConn).watch
	testkit.Eventually(t, "a quiet connection", watch.isQuiet)
	hold, released, done := holdWrite(raw)
	if lasts != 0 {
		if err := c.SetWriteDeadline(time.Now().Add(lasts)); err != nil {
			t.Fatal(err)
		}
	}
	asked := evictUntil(t, watch, released)
	t.Cleanup(func() {
		select {
		case hold <- true: // the test has failed
		case <-released:
		}
		<-asked
	})
	testkit.Eventually(t, "a question", func() bool {
		if watch.mu.TryLock() {
			watch.mu.Unlock()
			return false
		}
		return true
	})
	return c, done, hold
}

// holdWrite begins a write that hold lets go. From then on, as released says, it waits for
// its peer.
func holdWrite(raw syscall.RawConn) (hold chan<- bool, released <-chan bool, done <-chan error) {
	begun, held, free, over := make(chan bool), make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		first := true
		over <- raw.Write(func(uintptr) bool {
			if first {
				first = false
				close(begun)
				<-held
				close(free)
			}
			return false // as one that the peer does not take
		})
	}()
	<-begun
	return held, free, over
}

// evictUntil wants the connection evicted again and again until its write is over, and in vain.
// The channel says that it has stopped.
func evictUntil(t *testing.T, watch *quietWatch, over <-chan bool) (stopped <-chan bool) {
	asked := make(chan bool)
	go func() {
		defer close(asked)
		for { // as it asks nothing while others look at the lock
			if watch.yield() {
				t.Error("a connection was evicted under a write")
			}
			select {
			case <-over:
				return
			default:
			}
		}
	}()
	return asked
}

// TestDeadlineIsSetBesideAnEvictionThatWaits for a write which only that deadline ends.
func TestDeadlineIsSetBesideAnEvictionThatWaits(t *testing.T) {
	c, done, letGo := writeBeside(t, 0)
	set := make(chan error, 1)
	go func() { set <- c.SetWriteDeadline(time.Unix(1, 0)) }()
	select {
	case err := <-set:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(testkit.Patience):
		t.Error("SetWriteDeadline waits for the write that it is to end")
	}
	letGo <- true
	if err := <-done; !timedOut(err) {
		t.Errorf("the write ended with %v", err)
	}
}

// TestWriteKeepsItsDeadlineBesideAnEviction which waits for it.
func TestWriteKeepsItsDeadlineBesideAnEviction(t *testing.T) {
	_, done, letGo := writeBeside(t, 20*quietTime)
	letGo <- true
	select {
	case err := <-done:
		if !timedOut(err) {
			t.Errorf("the write ended with %v", err)
		}
	case <-time.After(testkit.Patience):
		t.Error("the write has lost its deadline")
	}
}
