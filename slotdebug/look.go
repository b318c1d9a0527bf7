package slotdebug

import (
	"slices"
	"sync"
	"time"

	"github.com/slotpool/slotpool/internal/poolnames"
)

const (
	// fresh is how long what was seen is shown to others who look, so that many who
	// look cost the pools no more than one. Where a look takes long, as it may with a
	// million connections, it is so many times as long as that.
	fresh = 500 * time.Millisecond
	rest  = 10

	// remembered is how far back the curves go.
	remembered = 5 * time.Minute
)

// looks is what was seen at looks. As those who look cause it to be seen, nothing has to
// run while nobody does.
type looks struct {
	lock    sync.Mutex
	names   poolnames.Names
	latest  view                // Samples are not in it
	next    time.Time           // when to look at the pools again
	samples map[string][]sample // by name, oldest first
}

// look returns the latest, with the samples after since.
func (h *Handler) look(since int64) view {
	l := &h.looks
	l.lock.Lock()
	defer l.lock.Unlock()
	if now := time.Now(); !now.Before(l.next) {
		l.latest = h.see(now)
		l.next = now.Add(restAfter(time.Since(now)))
	}
	v := l.latest
	v.Pools = slices.Clone(v.Pools)
	for i := range v.Pools {
		p := &v.Pools[i]
		p.Samples = slices.Clone(after(l.samples[p.Name], since))
	}
	return v
}

func (h *Handler) see(now time.Time) view {
	l := &h.looks
	pools := poolnames.Named
	if h.Pools != nil {
		pools = slices.Values(h.Pools)
	}
	v := view{Now: now.UnixMilli(), Pools: []poolView{}, Conns: seeConns(h.Conns)}
	samples := map[string][]sample{}
	for _, p := range l.names.Label(pools) {
		stats, times := p.Pool.Stats(), p.Pool.Times()
		v.Pools = append(v.Pools, poolView{
			Name: p.Label, Parent: p.Parent, Stats: stats,
			Waits: newHistogram(&times.SlotWait), Busy: newHistogram(&times.ResourceWait),
			Opened: newHistogram(&times.Allocate), Failed: newHistogram(&times.AllocateFailed),
			Eviction: newEviction(p.Pool.Eviction()),
		})
		kept := after(l.samples[p.Label], now.Add(-remembered).UnixMilli())
		samples[p.Label] = append(slices.Clip(kept), newSample(now, &stats))
	}
	l.samples = samples // those of pools that are gone go too
	return v
}

// restAfter is how long after the begin of a look that took so long there is no other.
func restAfter(took time.Duration) time.Duration { return max(fresh, rest*took) }

// after returns the samples that are later than an instant. It is never nil.
func after(samples []sample, instant int64) []sample {
	i, _ := slices.BinarySearchFunc(samples, instant+1, func(s sample, at int64) int { return int(s.At - at) })
	return append([]sample{}, samples[i:]...)
}
