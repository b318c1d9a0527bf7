package sysnet

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"

	"golang.org/x/sys/unix"
)

// told counts what a Watcher says.
type told struct{ times atomic.Int64 }

func (c *told) PeerGone() { c.times.Add(1) }

func (c *told) await(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, "word of the peer", func() bool { return c.times.Load() != 0 })
}

func mustWatch(t *testing.T, w *Watcher, conn net.Conn) (*told, Watch) {
	t.Helper()
	c := new(told)
	name, err := w.Watch(NewProbe(conn), c)
	if err != nil {
		t.Fatal(err)
	}
	return c, name
}

// All tests share one, as its goroutine lasts.
var testWatcher Watcher

func TestWatcherTellsHowPeersGo(t *testing.T) {
	for _, c := range []struct {
		name string
		pair makePair
		deed deed
	}{
		{"tcp/FIN", tcpPair, closePeer},
		{"tcp/half-close", tcpPair, halfClose},
		{"tcp/RST", tcpPair, reset},
		{"unix/closed", unixPair, closePeer},
		{"tls/closed", tlsPair(tcpPair, true), closePeer},
	} {
		for _, late := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				here, there := c.pair(t)
				if late { // the peer is gone before it is watched
					c.deed(t, here, there)
				}
				told, name := mustWatch(t, &testWatcher, here)
				if !late {
					c.deed(t, here, there)
				}
				told.await(t)
				testWatcher.Forget(name)
			})
		}
	}
}

// TestWatcherSleepsThroughTraffic counts how often its goroutine was woken.
func TestWatcherSleepsThroughTraffic(t *testing.T) {
	here, there := tcpPair(t)
	told, name := mustWatch(t, &testWatcher, here)
	defer testWatcher.Forget(name)
	settle(t, &testWatcher)
	before := testWatcher.epoll.wakes.Load()
	for range 1000 {
		exchange(t, here, there)
	}
	if n := testWatcher.epoll.wakes.Load() - before; n != 0 {
		t.Errorf("woken %d times by 1000 requests and answers", n)
	}
	closePeer(t, here, there)
	told.await(t)
	if n := testWatcher.epoll.wakes.Load() - before; n == 0 {
		t.Error("wake-ups are not counted")
	}
}

// settle returns when the goroutine of w has dealt with all that came before.
func settle(t *testing.T, w *Watcher) {
	t.Helper()
	here, there := tcpPair(t)
	told, name := mustWatch(t, w, here)
	closePeer(t, here, there)
	told.await(t)
	w.Forget(name)
	testkit.Eventually(t, "a watcher at rest", func() bool {
		before := w.epoll.wakes.Load()
		time.Sleep(5 * time.Millisecond)
		return w.epoll.wakes.Load() == before
	})
}

// TestWatcherDoesNotMistakeAReusedEntry, nor a reused descriptor, for the one that
// an event is about.
func TestWatcherDoesNotMistakeAReusedEntry(t *testing.T) {
	here, there := tcpPair(t)
	first, name := mustWatch(t, &testWatcher, here)
	duplicate, err := here.(*net.TCPConn).File() // so that closing does not end its events
	if err != nil {
		t.Fatal(err)
	}
	defer duplicate.Close()
	testWatcher.Forget(name)
	testWatcher.Forget(name) // which must do nothing
	here.Close()
	here2, there2 := tcpPair(t)
	second, name2 := mustWatch(t, &testWatcher, here2)
	if name2.index() != name.index() || name2 == name {
		t.Fatalf("the entries are %#x and %#x, want the same one in another use", name, name2)
	}
	closePeer(t, here, there)
	settle(t, &testWatcher)
	if first.times.Load() != 0 || second.times.Load() != 0 {
		t.Error("an event of the first connection was passed on")
	}
	closePeer(t, here2, there2)
	second.await(t)
	testWatcher.Forget(name2)
}

func TestWatcherOfWhatCannotBeWatched(t *testing.T) {
	pipe, other := net.Pipe()
	defer pipe.Close()
	defer other.Close()
	if _, err := testWatcher.Watch(NewProbe(pipe), &told{}); err == nil {
		t.Error("a pipe is watched")
	}
	here, _ := tcpPair(t)
	p := NewProbe(here)
	_, name := mustWatch(t, &testWatcher, here)
	if _, err := testWatcher.Watch(p, &told{}); !errors.Is(err, unix.EEXIST) {
		t.Errorf("watched twice: %v", err)
	}
	here.Close()
	if _, err := testWatcher.Watch(p, &told{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("watched though closed: %v", err)
	}
	testWatcher.Forget(name)
	testWatcher.Forget(0)
	for i, e := range testWatcher.table {
		if e.watched != nil {
			t.Errorf("entry %d is left behind", i)
		}
	}
}

// TestWatcherForgetsWhatPanics in a Control of somebody else's.
func TestWatcherForgetsWhatPanics(t *testing.T) {
	here, _ := tcpPair(t)
	p := NewProbe(here)
	p.raw = panickingRaw{p.raw}
	testkit.WantPanic(t, "fake panic", func() { _, _ = testWatcher.Watch(p, &told{}) })
	for i, e := range testWatcher.table {
		if e.watched != nil {
			t.Errorf("entry %d is left behind", i)
		}
	}
}

type panickingRaw struct{ syscall.RawConn }

func (panickingRaw) Control(func(uintptr)) error { panic("fake panic") }

// TestWatcherWithoutADescriptorToSpare tries again later.
func TestWatcherWithoutADescriptorToSpare(t *testing.T) {
	var w Watcher
	here, _ := tcpPair(t)
	p := NewProbe(here)
	limit := restoreLimit(t)
	if err := SetFDLimit(3); err != nil {
		t.Fatal(err)
	}
	_, err := w.Watch(p, &told{})
	_, again := w.Watch(p, &told{})
	if err := SetFDLimit(limit.Cur); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, unix.EMFILE) {
		t.Fatalf("%v, want EMFILE", err)
	}
	if again != errNotWatched {
		t.Errorf("%v, want no second attempt at once", again)
	}
	w.retryAt = time.Now() // a second later
	if _, err := w.Watch(p, &told{}); err != nil {
		t.Errorf("%v with descriptors to spare", err)
	}
}

// TestBubbled is here to notice a Go that gives bubbles a monotonic clock.
func TestBubbled(t *testing.T) {
	if bubbled(time.Now()) {
		t.Error("bubbled outside of a bubble")
	}
	synctest.Test(t, func(*testing.T) {
		if !bubbled(time.Now()) {
			t.Error("not bubbled in a bubble")
		}
		time.Sleep(100 * 365 * 24 * time.Hour)
		if !bubbled(time.Now()) {
			t.Error("not bubbled after a century")
		}
	})
}

// TestNothingIsWatchedInABubble though the Watcher runs already, outside of it.
func TestNothingIsWatchedInABubble(t *testing.T) {
	settle(t, &testWatcher)
	here, _ := tcpPair(t)
	p := NewProbe(here)
	synctest.Test(t, func(t *testing.T) {
		name, err := testWatcher.Watch(p, &told{})
		if err != errNotWatched {
			t.Errorf("%v, want that it is not watched", err)
		}
		testWatcher.Forget(name)
	})
}
