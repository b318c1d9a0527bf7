package resourcepool

import (
	"sync"
	"testing"
)

// TryGet leaves a full field of uses to others, so that it must not be the one who
// finds it full and gives up: the 16,384th TryGet in a row is served too.
func TestTryGetGoesOnWhenTheUsesAreFull(t *testing.T) {
	const most = usesMask/oneUse + 1
	p := New(1, "")
	r := hold(t, p)
	r.Put()
	for n := range 3 * most {
		if !r.TryGet() {
			t.Fatalf("TryGet %d of an idle resource says no", n+1)
		}
		r.Put()
	}
	if st := p.Stats(); st.Gets != 3*most+1 || st.Reuses != 3*most {
		t.Fatalf("%+v, want %d gets", st, 3*most+1)
	}
}

// A figure that went back would look like a restart to whoever scrapes it.
func TestGetsNeverGoBack(t *testing.T) {
	p := New(1, "")
	a, b := p.Create(&thing{}), p.Create(&thing{})
	over := make(chan struct{})
	var users sync.WaitGroup
	for _, r := range []*Resource{a, b} {
		users.Go(func() { // each evicts the other, and fills its field of uses now and then
			for {
				select {
				case <-over:
					return
				default:
				}
				for range 500 {
					if err := r.Get(nil); err != nil {
						t.Error(err)
						return
					}
					r.Put()
				}
				_ = r.ScheduleRelease()
			}
		})
	}
	before := p.Stats()
	for range 20000 {
		now := p.Stats()
		if now.Gets < before.Gets || now.Allocations < before.Allocations || now.Evictions < before.Evictions {
			t.Errorf("%+v after %+v", now, before)
			break
		}
		before = now
	}
	close(over)
	users.Wait()
}
