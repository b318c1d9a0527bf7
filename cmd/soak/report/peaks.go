//go:build linux

package report

import "fmt"

// Peaks are the most that was seen at any sample.
type Peaks struct {
	Slots, sockets, closeWait, timeWait, goroutines int
	heap, rss                                       uint64
}

// Add takes a sample into account.
func (p *Peaks) Add(m *Sample) {
	p.Slots = max(p.Slots, int(m.Pool.InUse+m.Pool.Idle+m.Pool.Releasing))
	p.sockets = max(p.sockets, m.Descriptors["socket"])
	p.closeWait = max(p.closeWait, m.TCP["CLOSE_WAIT"])
	p.timeWait = max(p.timeWait, m.TCP["TIME_WAIT"])
	p.goroutines = max(p.goroutines, m.Goroutines)
	p.heap = max(p.heap, m.HeapLive)
	p.rss = max(p.rss, m.RSS)
}

func (p *Peaks) String() string {
	return fmt.Sprintf("%d sockets, %d in CLOSE_WAIT, %d in TIME_WAIT to the servers, %d goroutines, live heap %.1f MiB, RSS %.1f MiB",
		p.sockets, p.closeWait, p.timeWait, p.goroutines, float64(p.heap)/mebi, float64(p.rss)/mebi)
}
