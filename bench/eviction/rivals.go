package main

import (
	"github.com/hashicorp/golang-lru/arc/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/maypok86/otter/v2"

	"github.com/slotpool/slotpool/internal/trace"
)

// cache is what the libraries have in common. None of them knows that an entry
// may be in use, so they can run traces of a single user alone.
type cache interface {
	Get(key uint32) (struct{}, bool)
	Add(key uint32, value struct{})
}

// rivals are what the pool is compared with: rules, Belady's optimum last of them, and
// real caches.
func rivals() []trace.Rival {
	rules := append(trace.Online(), trace.NamedRule{Name: "Belady", New: trace.NewBelady})
	return append(trace.Rivals(rules), libraries()...)
}

// libraries are real caches.
func libraries() []trace.Rival {
	return []trace.Rival{
		library("golang-lru ARC", func(slots int) (cache, error) { return arc.NewARC[uint32, struct{}](slots) }),
		library("golang-lru 2Q", func(slots int) (cache, error) { return lru.New2Q[uint32, struct{}](slots) }),
		library("otter", newOtter),
	}
}

func library(name string, open func(slots int) (cache, error)) trace.Rival {
	return trace.Rival{Name: name, Run: func(t *trace.Trace, dial func(address uint32)) error {
		c, err := open(t.Slots)
		if err != nil {
			return err
		}
		for _, s := range t.Steps {
			if _, ok := c.Get(s.Address); !ok {
				dial(s.Address)
				c.Add(s.Address, struct{}{})
			}
		}
		return nil
	}}
}

type otterCache struct{ *otter.Cache[uint32, struct{}] }

// newOtter does the cache's maintenance at once, so that a run can be repeated.
func newOtter(slots int) (cache, error) {
	c, err := otter.New(&otter.Options[uint32, struct{}]{
		MaximumSize: slots,
		Executor:    func(f func()) { f() },
	})
	return otterCache{c}, err
}

func (c otterCache) Get(key uint32) (struct{}, bool) { return c.GetIfPresent(key) }
func (c otterCache) Add(key uint32, v struct{})      { c.Set(key, v) }
