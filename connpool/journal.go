package connpool

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/slotpool/slotpool/internal/durations"
	"github.com/slotpool/slotpool/internal/topk"
	"github.com/slotpool/slotpool/resourcepool"
)

// journal is what a Pool remembers for those who look at it, in bounded memory. It
// is written where a Get waits, dials or closes, and never where one finds an idle
// connection.
type journal struct {
	wait, dial, dialFailed, hold durations.Recorder

	mu                   sync.Mutex
	dials, failed, waits topk.Sketch[place]
	closes               []RecentClose // a ring, once it is full
	oldest               int           // in the ring
}

type place struct{ network, address string }

const recentCloses = 100

func (j *journal) dialed(network, address string, took time.Duration, err error) {
	h, s := &j.dial, &j.dials
	if err != nil {
		h, s = &j.dialFailed, &j.failed
	}
	h.Observe(took)
	if errors.Is(err, context.Canceled) {
		return // which says nothing about the address
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	s.Add(place{network, address})
}

func (j *journal) waited(at *host, took time.Duration) {
	j.wait.Observe(took)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.waits.Add(place{at.network, at.address})
}

func (j *journal) closed(at place, why CloseReason) {
	c := RecentClose{time.Now(), at.network, at.address, why}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.closes) < recentCloses {
		j.closes = append(j.closes, c)
		return
	}
	j.closes[j.oldest] = c
	j.oldest = (j.oldest + 1) % recentCloses
}

func (j *journal) recentCloses() []RecentClose {
	latestFirst := make([]RecentClose, 0, recentCloses) // before the lock, for which dials wait
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.closes {
		n := len(j.closes)
		latestFirst = append(latestFirst, j.closes[(j.oldest+n-1-i)%n])
	}
	return latestFirst
}

func (j *journal) times() (t PoolTimes) {
	for _, x := range []struct {
		from *durations.Recorder
		to   *resourcepool.Histogram
	}{{&j.wait, &t.Wait}, {&j.dial, &t.Dial}, {&j.dialFailed, &t.DialFailed}, {&j.hold, &t.Hold}} {
		x.from.AddTo(&x.to.Buckets, &x.to.Sum)
	}
	return t
}

func (j *journal) busiest() Busiest {
	j.mu.Lock()
	dials, failed, waits := j.dials.Counts(), j.failed.Counts(), j.waits.Counts()
	j.mu.Unlock()
	return Busiest{ranked(dials), ranked(failed), ranked(waits)}
}

func ranked(counts []topk.Count[place]) (all []AddressCount) {
	topk.Sort(counts)
	for _, c := range counts {
		all = append(all, AddressCount{c.Key.network, c.Key.address, c.N, c.Over})
	}
	return all
}
