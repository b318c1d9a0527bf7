//go:build explore

package resourcepool

import (
	"errors"
	"runtime"

	"github.com/slotpool/slotpool/proof/sched"
)

// world is a pool with its resources and users, in one schedule.
type world struct {
	t       *sched.Test
	pr      program
	p, sub  *Pool
	group   *Group
	items   []*item         // resources, then members of the group
	named   int             // of the items, how many are resources
	shut    bool            // Close was called
	failing int             // so many Allocates of the group are to fail
	cancels []chan struct{} // of each user
	closed  []bool
	open    int
	anybody bool // releases what others use
	each    bool // as many slots as users, none of whom has two: no Get is refused
	shared  *Shared
	leases  int // so many at once, at most; 0: no limit
	lending lending
}

// item is a resource, and what its users and callbacks do to it. There are no
// operations of the scheduler between its reads and writes here.
type item struct {
	w       *world
	name    string
	r       *Resource
	calling bool
	held    bool   // something is allocated
	owner   string // its user, if that was not released over its head
	dying   bool   // the next Release panics
	dead    bool   // to a Checker
	leases  int    // of the Shared
	leased  uint32 // as which generation
	retired uint32 // generation of which a lease was released
}

// quickItem has a Release that never blocks.
type quickItem struct{ *item }

func (quickItem) ReleaseNeverBlocks() bool { return true }

// checkedItem has a Checker.
type checkedItem struct{ *item }

func (i checkedItem) Alive() bool {
	if (!i.held || i.calling) && !i.w.anybody {
		i.w.t.Fail("%s is asked while calling %v, allocated %v", i.name, i.calling, i.held)
	}
	sched.Yield()
	return !i.dead
}

// target is what the pool sees of an item.
func (i *item) target() AllocateReleaser {
	switch {
	case i.w.pr.checked:
		return checkedItem{i}
	case i.w.pr.quick:
		return quickItem{i}
	}
	return i
}

var (
	errFake    = errors.New("fake error")
	errRelease = errors.New("fake error of Release")
)

type allocator struct {
	i   *item
	how byte // f: fails, F: panics, G: ends the goroutine, else succeeds
}

func (i *item) Allocate() error {
	if i.w.failing > 0 {
		i.w.failing--
		return allocator{i, 'f'}.Allocate()
	}
	return allocator{i, 0}.Allocate()
}

func (a allocator) Allocate() error {
	i := a.i
	i.enter("Allocate", false)
	defer func() { i.calling = false }()
	sched.Yield()
	switch a.how {
	case 'f':
		return errFake
	case 'F':
		panic(errFake)
	case 'G':
		runtime.Goexit()
	}
	i.held, i.dead = true, false
	if i.w.open++; i.w.open > i.w.slots() {
		i.w.t.Fail("%d are open with %d slots", i.w.open, i.w.slots())
	}
	sched.Yield()
	return nil
}

func (i *item) Release() error {
	i.enter("Release", true)
	defer func() { i.calling = false }()
	i.owner = ""
	sched.Yield()
	i.held = false
	i.w.open--
	if i.dying {
		i.dying = false
		panic(errRelease)
	}
	return nil
}

func (i *item) enter(what string, held bool) {
	if i.calling || i.held != held {
		i.w.t.Fail("%s of %s while calling %v, allocated %v", what, i.name, i.calling, i.held)
	}
	i.calling = true
}
