//go:build linux

package run

import (
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/cmd/soak/proc"
	"github.com/slotpool/slotpool/cmd/soak/report"
	"github.com/slotpool/slotpool/resourcepool"
)

// sampler takes samples. Only its run uses it.
type sampler struct {
	proc    *proc.FS
	load    *load.Load
	tcp     *proc.TCPWatch
	metrics []metrics.Sample

	before     load.Counts
	beforePool resourcepool.Stats
	beforeAt   time.Duration
}

const (
	metricLive    = "/gc/heap/live:bytes"
	metricObjects = "/memory/classes/heap/objects:bytes"
	metricGCs     = "/gc/cycles/total:gc-cycles"
)

func newSampler(p *proc.FS, l *load.Load, tcp *proc.TCPWatch) *sampler {
	s := &sampler{proc: p, load: l, tcp: tcp, metrics: make([]metrics.Sample, 3)}
	for i, name := range []string{metricLive, metricObjects, metricGCs} {
		s.metrics[i].Name = name
	}
	return s
}

func (s *sampler) take() (*report.Sample, error) {
	m := &report.Sample{Goroutines: runtime.NumGoroutine(), Strikes: s.load.StrikesInAll()}
	d, err := s.proc.Descriptors()
	if err != nil {
		return nil, err
	}
	m.Descriptors = d.ByKind
	m.TCP = s.tcp.Latest()
	metrics.Read(s.metrics)
	m.HeapLive, m.HeapObjects, m.GCs = s.metrics[0].Value.Uint64(), s.metrics[1].Value.Uint64(), s.metrics[2].Value.Uint64()
	if m.RSS, err = s.proc.ResidentBytes(); err != nil {
		return nil, err
	}
	// The counts and their time are taken together, as rates come of them.
	at := time.Since(s.load.Started)
	m.T = at.Seconds()
	m.Pool = s.load.Pool.Stats()
	m.Gets, m.Dials, m.Requests = s.load.Gets.Lap(), s.load.Dials.Lap(), s.load.Requests.Lap()
	s.rates(m, at)
	return m, nil
}

// rates fills in what is relative to the sample before.
func (s *sampler) rates(m *report.Sample, at time.Duration) {
	now := s.load.Tally.Snapshot()
	seconds := (at - s.beforeAt).Seconds()
	rate := func(now, before uint64) float64 {
		if seconds <= 0 {
			return 0
		}
		return float64(now-before) / seconds
	}
	m.GetRate = rate(now[load.CountGets], s.before[load.CountGets])
	m.RequestRate = rate(now[load.CountRequests], s.before[load.CountRequests])
	m.BrokenRate = rate(now[load.CountBroken]+now[load.CountUnexpected], s.before[load.CountBroken]+s.before[load.CountUnexpected])
	m.DialRate = rate(m.Pool.Allocations, s.beforePool.Allocations)
	m.DialErrors = rate(m.Pool.AllocationErrors, s.beforePool.AllocationErrors)
	if gets := now[load.CountGets] - s.before[load.CountGets]; gets > 0 {
		m.Reuse = float64(now[load.CountReused]-s.before[load.CountReused]) / float64(gets)
	}
	s.before, s.beforePool, s.beforeAt = now, m.Pool, at
}
