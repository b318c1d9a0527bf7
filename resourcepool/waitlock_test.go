package resourcepool

import (
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

// While a Get holds waitLock no other can wait, be woken or give up. So the pass
// over all that is in use must be over before: with waitLock held by another, no
// candidate is left for the search that follows.
func TestLongPassIsMadeWithoutWaitLock(t *testing.T) {
	const slots = 3000
	for _, c := range []struct {
		name   string
		cancel <-chan struct{}
		sub    bool
	}{
		{"Get that may wait for ever", nil, false},
		{"Get that may be cancelled", make(chan struct{}), false},
		{"Get of a pool with a sub-pool", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(slots, "")
			if c.sub {
				p.Sub(1, "")
			}
			all := make([]*Resource, slots+1)
			for i := range all {
				all[i] = p.Create(nothing{})
				if i < slots {
					mustGet(t, all[i])
				}
			}
			if n := p.p.idle.Candidates(); n != slots {
				t.Fatalf("%d candidates before, want %d", n, slots)
			}
			p.p.waitLock.Lock()
			got := make(chan error, 1)
			go func() { got <- all[slots].Get(c.cancel) }()
			defer func() {
				p.p.waitLock.Unlock()
				all[0].Put()
				if err := <-got; err != nil {
					t.Errorf("the Get that waited: %v", err)
				}
			}()
			testkit.Eventually(t, "the pass has ended", func() bool { return p.p.idle.Candidates() == 0 })
		})
	}
}
