package evict

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// A search that meets a census must not wait for all of it.
func TestCensusKeepsSearchesFromTheLock(t *testing.T) {
	for _, slots := range []int{manyResidents / 2, manyResidents + 1000} {
		t.Run(fmt.Sprint(slots, " residents"), func(t *testing.T) {
			r := newRig(t, slots, 1, slots)
			for i := range slots {
				r.visit(i)
			}
			w := &wanting{list: r.list(), over: make(chan struct{})}
			go w.run()
			visits := 0
			r.lists.Census(func(uint64) {
				visits++
				w.visited(t)
			})
			w.list.lock.Lock()
			w.stop = true
			w.list.lock.Unlock()
			<-w.over
			t.Logf("%d of %d visits in a row", w.longest, visits)
			if visits != slots || w.longest > wantingMost {
				t.Errorf("%d visits, of which %d while another waited for the lock, want %d at most", visits, w.longest, wantingMost)
			}
		})
	}
}

// wanting wants the lock of a list again and again.
//
// When the lock is let go, who waits for it is woken, and finds that the census has it
// again. As it has waited for a millisecond, sync.Mutex gives it the lock at the next
// time. So it has the lock at least once in two holds if it waits as each of them ends.
// visited sees to that.
type wanting struct {
	list *List
	over chan struct{}

	stop          bool // guarded by the lock, as are these
	now           int  // visits since it last had the lock
	longest       int  // the most
	sinceItWaited int  // visits since it was last seen to wait
}

const (
	wantingEvery = mostVisited / 2
	wantingMost  = 2*mostVisited + wantingEvery
)

func (w *wanting) run() {
	defer close(w.over)
	for stop := false; !stop; {
		w.list.lock.Lock()
		w.now, stop = 0, w.stop
		w.list.lock.Unlock()
	}
}

// visited counts a visit of a census, which has the lock.
func (w *wanting) visited(t *testing.T) {
	w.now++
	w.longest = max(w.longest, w.now)
	if w.sinceItWaited++; w.sinceItWaited < wantingEvery {
		return
	}
	w.sinceItWaited = 0
	testkit.Eventually(t, "the other waits for the lock", func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for one := range strings.SplitSeq(string(stacks), "\n\n") {
			state, _, _ := strings.Cut(one, "\n")
			if strings.Contains(one, "(*wanting).run") && strings.Contains(state, "sync.Mutex.Lock") {
				return true
			}
		}
		return false
	})
	time.Sleep(2 * time.Millisecond) // sync.Mutex's one, and some
}
