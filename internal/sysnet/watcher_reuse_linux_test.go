package sysnet

import (
	"math"
	"net"
	"sync/atomic"
	"testing"
)

// TestLateForgetLeavesTheNextUserWatched: the entry has another user by then.
func TestLateForgetLeavesTheNextUserWatched(t *testing.T) {
	var w Watcher
	first, _ := tcpPair(t)
	_, name := mustWatch(t, &w, first)
	w.Forget(name)
	first.Close()
	here, there := tcpPair(t)
	told, name2 := mustWatch(t, &w, here)
	if name2.index() != name.index() {
		t.Fatalf("the entries are %#x and %#x, want the same one", name, name2)
	}
	w.Forget(name)
	closePeer(t, here, there)
	told.await(t)
}

// TestWatcherKeepsUsesApartAtTheirEnds: an entry may have as many users as there are
// numbers for them, and then begins again.
func TestWatcherKeepsUsesApartAtTheirEnds(t *testing.T) {
	for _, last := range []uint32{math.MaxUint8, math.MaxUint16, math.MaxInt32, math.MaxUint32} {
		var w Watcher
		w.table = []entry{{use: last}}
		w.free = 1
		for range 3 {
			here, there := tcpPair(t)
			told, name := mustWatch(t, &w, here)
			closePeer(t, here, there)
			told.await(t)
			w.Forget(name)
			if len(w.table) != 1 || w.table[0].watched != nil {
				t.Fatalf("after use %d the table is %+v", name.use(), w.table)
			}
		}
	}
}

// forgetter closes its connection, as one that is parked is closed.
type forgetter struct {
	w    *Watcher
	name atomic.Uint64
	conn net.Conn
	told
}

func (f *forgetter) PeerGone() {
	f.w.Forget(Watch(f.name.Load()))
	f.conn.Close()
	f.told.PeerGone()
}

// TestWatcherMayBeCalledByWhomItTells, who closes what the news is about.
func TestWatcherMayBeCalledByWhomItTells(t *testing.T) {
	var w Watcher
	here, there := tcpPair(t)
	f := &forgetter{w: &w, conn: here}
	name, err := w.Watch(NewProbe(here), f)
	if err != nil {
		t.Fatal(err)
	}
	f.name.Store(uint64(name))
	closePeer(t, here, there)
	f.await(t)
}

// busy is a Watched that keeps the Watcher's goroutine.
type busy struct {
	told
	begun, end chan struct{}
}

func (b *busy) PeerGone() {
	b.told.PeerGone()
	close(b.begun)
	<-b.end
}

// TestWatcherTellsOfAllThatGoAtOnce, who are more than it takes from the kernel at once, in as many
// turns as they fill and without a pause: it is not by time that this can be checked.
func TestWatcherTellsOfAllThatGoAtOnce(t *testing.T) {
	const n, most = 1000, 12 // 8, the last of them not full, and some that find nothing
	var w Watcher
	b := &busy{begun: make(chan struct{}), end: make(chan struct{})}
	here, there := tcpPair(t)
	if _, err := w.Watch(NewProbe(here), b); err != nil {
		t.Fatal(err)
	}
	closePeer(t, here, there)
	<-b.begun
	var all [n]*told
	for i := range all {
		here, there := unixPair(t)
		all[i], _ = mustWatch(t, &w, here)
		closePeer(t, here, there)
	}
	before := w.epoll.wakes.Load()
	close(b.end)
	for _, c := range all {
		c.await(t)
	}
	if turns := w.epoll.wakes.Load() - before; turns > most {
		t.Errorf("%d turns to tell of %d, want at most %d", turns, n, most)
	}
}

// TestWatcherGivesEachItsOwnEntry also when several are free.
func TestWatcherGivesEachItsOwnEntry(t *testing.T) {
	const n = 3
	var w Watcher
	watch := func() (told [n]*told, names [n]Watch, there [n]net.Conn) {
		for i := range n {
			var here net.Conn
			here, there[i] = tcpPair(t)
			told[i], names[i] = mustWatch(t, &w, here)
		}
		return told, names, there
	}
	_, names, _ := watch()
	for _, name := range names {
		w.Forget(name)
	}
	told, names, there := watch()
	if len(w.table) != n {
		t.Errorf("%d entries, and never more than %d in use", len(w.table), n)
	}
	for i, name := range names {
		there[i].Close()
		told[i].await(t)
		w.Forget(name)
	}
	for i, e := range w.table {
		if e.watched != nil {
			t.Errorf("entry %d is left behind", i)
		}
	}
}
