package rival

import (
	"context"
	"sync"

	"github.com/slotpool/slotpool/bench/work"
	"golang.org/x/sync/semaphore"
)

// semaphores is x/sync's semaphore in front of a free list with a mutex.
var semaphores = kind[*semaphorePool[*thing]]{
	name: "semaphore",
	most: 1_000_000,
	make: newSemaphorePool[*thing],
	cycle: func(p *semaphorePool[*thing], n int) {
		for range n {
			t := p.get()
			if t == nil {
				t = new(thing)
			}
			p.put(t)
		}
	},
	user: func(p *semaphorePool[*thing]) work.User { return &semaphoreUser{pool: p} },
}

type semaphorePool[T any] struct {
	free *semaphore.Weighted
	lock sync.Mutex
	idle []T
}

func newSemaphorePool[T any](slots int) *semaphorePool[T] {
	return &semaphorePool[T]{free: semaphore.NewWeighted(int64(slots))}
}

// get waits for a slot. It returns the zero value if nothing is idle.
func (p *semaphorePool[T]) get() (t T) {
	work.Check(p.free.Acquire(context.Background(), 1))
	p.lock.Lock()
	defer p.lock.Unlock()
	if n := len(p.idle); n > 0 {
		t = p.idle[n-1]
		p.idle = p.idle[:n-1]
	}
	return t
}

func (p *semaphorePool[T]) put(t T) {
	p.lock.Lock()
	p.idle = append(p.idle, t)
	p.lock.Unlock()
	p.free.Release(1)
}

type semaphoreUser struct {
	pool *semaphorePool[*thing]
	held *thing
}

func (u *semaphoreUser) Get() {
	if u.held = u.pool.get(); u.held == nil {
		u.held = new(thing)
	}
}

func (u *semaphoreUser) Put() { u.pool.put(u.held) }
