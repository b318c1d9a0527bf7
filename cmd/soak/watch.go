//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// trends are the figures that must not grow, since the warm-up.
type trends struct{ descriptors, goroutines, heap series }

func (t *trends) add(m *sample) {
	total := 0
	for _, n := range m.Descriptors {
		total += n
	}
	t.descriptors.add(m.T, float64(total))
	t.goroutines.add(m.T, float64(m.Goroutines))
	t.heap.add(m.T, float64(m.HeapLive))
}

// peaks are the most that was seen at any sample.
type peaks struct {
	slots, sockets, closeWait, timeWait, goroutines int
	heap, rss                                       uint64
}

func (p *peaks) add(m *sample) {
	p.slots = max(p.slots, int(m.Pool.InUse+m.Pool.Idle+m.Pool.Releasing))
	p.sockets = max(p.sockets, m.Descriptors["socket"])
	p.closeWait = max(p.closeWait, m.TCP["CLOSE_WAIT"])
	p.timeWait = max(p.timeWait, m.TCP["TIME_WAIT"])
	p.goroutines = max(p.goroutines, m.Goroutines)
	p.heap = max(p.heap, m.HeapLive)
	p.rss = max(p.rss, m.RSS)
}

func (p *peaks) String() string {
	return fmt.Sprintf("%d sockets, %d in CLOSE_WAIT, %d in TIME_WAIT to the servers, %d goroutines, live heap %.1f MiB, RSS %.1f MiB",
		p.sockets, p.closeWait, p.timeWait, p.goroutines, float64(p.heap)/mebi, float64(p.rss)/mebi)
}

// watch takes a sample at each interval and checks what must hold at all
// times, until ctx ends.
func (r *soak) watch(ctx context.Context) {
	ticker := time.NewTicker(r.config.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		m, err := r.sampler.take()
		if err != nil {
			r.ledger.trouble(err)
			continue
		}
		r.checkSample(m)
		if m.T >= warmUp(r.config.duration).Seconds() {
			r.trends.add(m)
		}
		r.record(record{Sample: m})
		r.live.show(m)
	}
}

func (r *soak) checkSample(m *sample) {
	p := m.Pool
	if p.InUse+p.Idle+p.Releasing > p.Max {
		r.ledger.fail(checkSlots, "%d in use, %d idle, %d releasing, of %d", p.InUse, p.Idle, p.Releasing, p.Max)
	}
	r.peaks.add(m)
	r.checkSocketBound(m.Descriptors["socket"])
	r.checkWaits()
}

// watched is a call that was under way at the last sample, and for how many.
type watched struct {
	wait    *wait
	samples int
}

// checkWaits measures the age of a call in samples, not by the clock: one that
// went on while the whole process was stopped is not to blame.
func (r *soak) checkWaits() {
	if r.waits == nil {
		r.waits = make([]watched, len(r.load.users))
	}
	for i, u := range r.load.users {
		w := u.wait.Load()
		if w == nil || w != r.waits[i].wait {
			r.waits[i] = watched{wait: w}
			continue
		}
		r.waits[i].samples++
		if time.Duration(r.waits[i].samples)*r.config.interval > r.config.waitLimit {
			r.load.accuse(u, w)
		}
	}
}

// looks are how often one must see too many sockets to believe it. A look at
// /proc/self/fd is not of one moment: a socket that is closed and another that
// is opened during the look may both be counted.
const looks = 8

func (r *soak) checkSocketBound(sockets int) {
	most := r.baseline.descriptors["socket"] + r.config.slots
	for range looks {
		if sockets <= most {
			return
		}
		d, err := r.proc.descriptors()
		if err != nil {
			r.ledger.trouble(err)
			return
		}
		sockets = d.byKind["socket"]
	}
	r.ledger.fail(checkLeakFD, "%d sockets are open, which is more than the %d slots and the %d from before the first Get",
		sockets, r.config.slots, most-r.config.slots)
}
