package resourcepool

import "testing"

// auditAtRest checks that every resource is on the lists where its state says,
// and that all slots are accounted for. Nothing may be in use.
func auditAtRest(t *testing.T, p *Pool, all []*Resource) {
	t.Helper()
	where := map[*resource]string{}
	for i := range p.p.shards {
		s := &p.p.shards[i]
		s.lock.Lock()
		s.drain()
		n := 0
		for r := s.order.oldest; r != nil; r = r.links[byArrival].next {
			if where[r] != "" || r.place != isCandidate || r.shard() != s {
				t.Errorf("order: %v %v", where[r], r.place)
			}
			where[r] = "order"
			n++
		}
		m := 0
		for e := range s.eras {
			for r := s.eras[e].oldest; r != nil; r = r.links[byEra].next {
				if where[r] != "order" {
					t.Errorf("era: %v", where[r])
				}
				m++
			}
		}
		if n != m {
			t.Errorf("order %d eras %d", n, m)
		}
		for r := s.busy.oldest; r != nil; r = r.links[byArrival].next {
			if where[r] != "" || r.place != isBusy {
				t.Errorf("busy: %v %v", where[r], r.place)
			}
			where[r] = "busy"
		}
		s.lock.Unlock()
	}
	idle := 0
	for _, x := range all {
		r := &x.r
		w := r.state.w.Load()
		switch phaseOf(w) {
		case phaseEmpty:
			if where[r] != "" || w&(markListed|markWaiters|markScheduled|usesMask) != 0 {
				t.Errorf("empty %q %x", where[r], w)
			}
		case phaseIdle:
			idle++
			if where[r] != "order" || w&markListed == 0 || w&(markWaiters|markScheduled) != 0 {
				t.Errorf("idle %q %x", where[r], w)
			}
		default:
			t.Errorf("phase %x", w)
		}
	}
	if p.p.slotWaiters.Load() != 0 || p.p.waiting != 0 || p.p.free.Free()+int64(idle) != int64(p.p.max) {
		t.Errorf("at rest: waiters %d waiting %d free %d idle %d", p.p.slotWaiters.Load(), p.p.waiting, p.p.free.Free(), idle)
	}
}
