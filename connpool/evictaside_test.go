package connpool

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// releaseFunc is a target that is allocated at once.
type releaseFunc func() error

func (releaseFunc) Allocate() error  { return nil }
func (r releaseFunc) Release() error { return r() }

// parkOne puts one resource with that Release into a pool of its own.
func parkOne(t *testing.T, release releaseFunc) *resourcepool.Pool {
	p := resourcepool.New(1, "")
	r := p.Create(release)
	if err := r.Get(nil); err != nil {
		t.Fatal(err)
	}
	r.Put()
	return p
}

// noDescriptors has all dials of a test find none.
func noDescriptors(t *testing.T) {
	original := haveFDs
	haveFDs = func(uint) error { return syscall.EMFILE }
	t.Cleanup(func() { haveFDs = original })
}

// A dial without a descriptor evicts. It was held by a Close that waited for its peer, whatever
// its own canceler or context said.
func TestCloseOfAnotherDoesNotHoldACancelledDialWithoutADescriptor(t *testing.T) {
	noDescriptors(t)
	for name, cancel := range map[string]func(*canceler) func(){
		"context": func(c *canceler) func() {
			ctx, cancel := context.WithCancel(t.Context())
			c.ctx = ctx
			return cancel
		},
		"closed channel": func(c *canceler) func() {
			channel := make(chan struct{})
			c.channel = channel
			return func() { close(channel) }
		},
		"message": func(c *canceler) func() {
			channel := make(chan struct{})
			c.channel = channel
			return func() { channel <- struct{}{} }
		},
	} {
		t.Run(name, func(t *testing.T) {
			begun, end := make(chan struct{}), make(chan struct{})
			p := parkOne(t, func() error { close(begun); <-end; return nil })
			r := &relief{evicting: make(chan struct{}, 1)}
			c := &canceler{ctx: context.Background()}
			speak := cancel(c)
			over := make(chan bool, 1)
			w := newPatience(0, c)
			go func() { over <- r.wait(p, 1, &w) }()
			<-begun
			speak()
			select {
			case again := <-over:
				if again {
					t.Error("it dials again without a descriptor")
				}
			case <-time.After(testkit.Patience):
				t.Error("the dial waits for the Close")
			}
			close(end)
			testkit.Eventually(t, "the slot is free when the Close ends", func() bool {
				s := p.Stats()
				return s.Idle+s.InUse+s.Releasing == 0
			})
		})
	}
}

func TestPanicInACloseIsRaisedInTheDialThatWaitsForIt(t *testing.T) {
	noDescriptors(t)
	p := parkOne(t, func() error { panic("of Release") })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer func() {
		if got := recover(); got != "of Release" {
			t.Errorf("panic %v", got)
		}
	}()
	r := &relief{evicting: make(chan struct{}, 1)}
	w := newPatience(0, &canceler{ctx: ctx})
	r.wait(p, 1, &w)
	t.Error("returned")
}

func TestImmediateDialWaitsForTheCloseThatItBegan(t *testing.T) {
	noDescriptors(t)
	closed := false
	p := parkOne(t, func() error { closed = true; return nil })
	r := &relief{evicting: make(chan struct{}, 1)}
	if w := newPatience(0, &canceler{ctx: context.Background(), channel: resourcepool.MakeImmediateCanceler()}); r.wait(p, 1, &w) || !closed {
		t.Errorf("dials again; closed: %v", closed)
	}
}
