//go:build linux

package run

import (
	"context"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/faults"
	"github.com/slotpool/slotpool/cmd/soak/report"
)

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
			r.ledger.Trouble(err)
			continue
		}
		r.injectSample(m)
		r.checkSample(m)
		if m.T >= faults.WarmUp(r.config.duration).Seconds() {
			r.trends.add(m)
		}
		r.record(report.Record{Sample: m})
		r.live.Show(m)
	}
}

func (r *soak) checkSample(m *report.Sample) {
	p := m.Pool
	if p.InUse+p.Idle+p.Releasing > p.Max {
		r.ledger.Fail(check.Slots, "%d in use, %d idle, %d releasing, of %d", p.InUse, p.Idle, p.Releasing, p.Max)
	}
	r.peaks.Add(m)
	r.checkSocketBound(m.Descriptors["socket"])
	if r.inbound != nil {
		r.inbound.Check()
	}
	r.load.CheckAges(r.config.interval)
	r.load.CheckWaits(r.config.interval, r.config.waitLimit)
}

// looks are how often one must see too many sockets to believe it. A look at
// /proc/self/fd is not of one moment: a socket that is closed and another that
// is opened during the look may both be counted.
const looks = 8

func (r *soak) checkSocketBound(sockets int) {
	most := r.baseline.Descriptors["socket"] + r.config.slots + r.page.Descriptors() + r.inbound.Descriptors()
	for range looks {
		if sockets <= most {
			return
		}
		begun := r.load.Lookups.Begun()
		extra := r.load.Lookups.Open() // for which there is no slot
		d, err := r.proc.Descriptors()
		if err != nil {
			r.ledger.Trouble(err)
			return
		}
		extra += int(r.load.Lookups.Begun() - begun)
		sockets = d.ByKind["socket"] - extra
	}
	r.ledger.Fail(check.LeakFD, "%d sockets are open, which is more than the %d slots and the %d from before the first Get",
		sockets, r.config.slots, most-r.config.slots)
}
