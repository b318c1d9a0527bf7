package trace

import "fmt"

// Target and Resource are what the runner asks of a pool; resourcepool's
// AllocateReleaser and Resource fit.
type (
	Target interface {
		Allocate() error
		Release() error
	}
	Resource interface {
		Get(cancelChannel <-chan struct{}) error
		Put()
	}
)

// Create makes a resource of the pool under test, one that stands for key.
type Create func(target Target, key string) Resource

// PoolDials runs a real pool of t.Slots slots over the trace and returns how
// many Gets had to allocate. It is an error if a Get would have waited, or if
// more is allocated at a time than there are slots.
func PoolDials(t *Trace, create Create) (int, error) {
	dials := dialCount{slots: t.Slots}
	resources := make([]Resource, t.Addresses)
	for a := range resources {
		resources[a] = create(&dials, key(a))
	}
	cancelled := make(chan struct{})
	close(cancelled)
	holds := make([]Resource, t.Users)
	for i, step := range t.Steps {
		if old := holds[step.User]; old != nil {
			old.Put()
		}
		r := resources[step.Address]
		if err := r.Get(cancelled); err != nil {
			return 0, fmt.Errorf("trace: Get %d, of address %d: %w", i, step.Address, err)
		}
		holds[step.User] = r
	}
	return dials.total, nil
}

// key looks like the address of a machine, as pools hash it.
func key(a int) string {
	return fmt.Sprintf("10.%d.%d.%d:%d", a>>16&0xff, a>>8&0xff, a&0xff, 6970)
}

// dialCount is the target of all resources of a run. A trace has a single
// goroutine, on which pools allocate and release.
type dialCount struct {
	slots, open, total int
}

func (d *dialCount) Allocate() error {
	if d.open == d.slots {
		return fmt.Errorf("more than %d allocated", d.slots)
	}
	d.open++
	d.total++
	return nil
}

func (d *dialCount) Release() error {
	d.open--
	return nil
}
