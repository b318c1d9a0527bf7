package resourcepool

import (
	"testing"

	"github.com/slotpool/slotpool/internal/evict"
)

// auditAtRest checks that every resource is on the lists where its state says,
// and that all slots are accounted for. Nothing may be in use.
func auditAtRest(t *testing.T, p *Pool, all []*Resource) {
	t.Helper()
	nodes := map[*evict.Node]bool{}
	for _, r := range all {
		nodes[&r.r.state.Node] = true
	}
	if err := p.p.idle.Audit(nodes); err != nil {
		t.Error(err)
	}
	idle := 0
	for _, x := range all {
		r := &x.r
		w, place := r.state.W.Load(), r.state.Place()
		switch phaseOf(w) {
		case phaseEmpty:
			if place != "" || w&(markListed|markWaiters|markScheduled|usesMask) != 0 {
				t.Errorf("empty %q %x", place, w)
			}
		case phaseIdle:
			idle++
			if place == "" || place == "busy" || w&markListed == 0 || w&(markWaiters|markScheduled) != 0 {
				t.Errorf("idle %q %x", place, w)
			}
		default:
			t.Errorf("phase %x", w)
		}
	}
	if p.p.slotWaiters.Load() != 0 || p.p.waiting != 0 || p.p.free.Free()+int64(idle) != int64(p.p.size.total) {
		t.Errorf("at rest: waiters %d waiting %d free %d idle %d", p.p.slotWaiters.Load(), p.p.waiting, p.p.free.Free(), idle)
	}
}
