//go:build linux

package load

import (
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
)

// Phase is what a Get of a healthy host is compared by.
type Phase int32

const (
	PhaseOther Phase = iota
	PhaseQuiet       // no fault strikes
	PhaseDead        // there are dead hosts and nothing else
)

const (
	deadShare   = 0.05 // of turns, while there are dead hosts
	fewestGets  = 100  // that a 99th percentile is taken of
	worstFactor = 3    // times the quiet one; package check says this, and worstBeside, to a reader
	worstBeside = 150 * time.Millisecond
)

// beside are the Gets of healthy hosts in each phase.
type beside struct{ quiet, dead *latency }

func newBeside() beside { return beside{newLatency(), newLatency()} }

// recordBeside counts a Get that was of one phase from begin to end.
func (l *Load) recordBeside(s *site, begun Phase, took time.Duration) {
	if begun != Phase(l.Phase.Load()) {
		return
	}
	switch begun {
	case PhaseQuiet:
		l.beside.quiet.record(took)
	case PhaseDead:
		if !s.Dead {
			l.beside.dead.record(took)
		}
	}
}

// CheckBeside compares, at the end, healthy hosts beside dead ones with those
// of the time without a fault.
func (l *Load) CheckBeside() {
	l.beside.quiet.Lap()
	l.beside.dead.Lap()
	quiet, dead := l.beside.quiet.Total(), l.beside.dead.Total()
	if quiet.N < fewestGets || dead.N < fewestGets {
		l.Ledger.Note(check.HealthyHosts, "too few Gets to tell: %d quiet, %d beside dead hosts", quiet.N, dead.N)
		return
	}
	most := max(float64(worstBeside.Milliseconds()), worstFactor*quiet.P99)
	if dead.P99 > most {
		l.Ledger.Fail(check.HealthyHosts, "p99 %.4g ms beside dead hosts, of %d Gets; %.4g ms without a fault: more than %.4g ms",
			dead.P99, dead.N, quiet.P99, most)
	}
	l.Ledger.Note(check.HealthyHosts, "p99 %.4g ms of %d Gets, of at most %.4g ms; %.4g ms without a fault",
		dead.P99, dead.N, most, quiet.P99)
}
