package rival

import (
	"math/rand/v2"
	"sync"

	"github.com/slotpool/slotpool/bench/work"
)

// lockedMap is the one rival that does what slotpool does: one lock, a map by
// key, and a random victim when the slots are used up.
var lockedMap = work.Named("map", func(s work.Shape) work.Pool {
	return mapPool{newKeyed[int](s.Slots, func(*thing) {})}
})

type mapPool struct{ *keyed[int, *thing] }

func (p mapPool) allocated(key int) *entry[int, *thing] {
	e, fresh := p.get(key)
	if fresh {
		e.value = new(thing)
	}
	return e
}

func (p mapPool) Walk(order []int) func(n int) {
	return func(n int) {
		for ; n > 0; n -= len(order) {
			for _, key := range order[:min(n, len(order))] {
				p.put(p.allocated(key))
			}
		}
	}
}

func (p mapPool) User(i int) work.User { return &mapUser{pool: p, key: i} }

type mapUser struct {
	pool mapPool
	key  int
	held *entry[int, *thing]
}

func (u *mapUser) Get() { u.held = u.pool.allocated(u.key) }
func (u *mapUser) Put() { u.pool.put(u.held) }

// keyed is a pool of Ts by key K. Its zero value of T is "none".
type keyed[K comparable, T any] struct {
	lock    sync.Mutex
	changed sync.Cond // something was put or a slot came free
	free    int       // slots
	entries map[K]*entry[K, T]
	idle    []*entry[K, T]
	release func(T)
}

// entry is a key that has a slot.
type entry[K comparable, T any] struct {
	key   K
	value T
	place int // in idle; -1 while in use
}

func newKeyed[K comparable, T any](slots int, release func(T)) *keyed[K, T] {
	k := &keyed[K, T]{free: slots, entries: map[K]*entry[K, T]{}, release: release}
	k.changed.L = &k.lock
	return k
}

// get returns the entry of key for the caller's use. fresh says that it has
// no value yet, which is for the caller to set.
func (k *keyed[K, T]) get(key K) (e *entry[K, T], fresh bool) {
	k.lock.Lock()
	defer k.lock.Unlock()
	for {
		e := k.entries[key]
		if e != nil && e.place >= 0 {
			k.takeIdle(e)
			return e, false
		}
		if e == nil && (k.free > 0 || k.evict()) {
			k.free--
			e = &entry[K, T]{key: key, place: -1}
			k.entries[key] = e
			return e, true
		}
		k.changed.Wait()
	}
}

// evict frees the slot of an idle entry. Its value is released under the
// lock, as is common in such pools.
func (k *keyed[K, T]) evict() bool {
	if len(k.idle) == 0 {
		return false
	}
	victim := k.idle[rand.IntN(len(k.idle))]
	k.takeIdle(victim)
	k.drop(victim)
	return true
}

func (k *keyed[K, T]) drop(e *entry[K, T]) {
	delete(k.entries, e.key)
	k.release(e.value)
	k.free++
}

func (k *keyed[K, T]) takeIdle(e *entry[K, T]) {
	last := k.idle[len(k.idle)-1]
	k.idle[e.place], last.place = last, e.place
	k.idle = k.idle[:len(k.idle)-1]
	e.place = -1
}

func (k *keyed[K, T]) put(e *entry[K, T]) {
	k.lock.Lock()
	e.place = len(k.idle)
	k.idle = append(k.idle, e)
	k.lock.Unlock()
	k.changed.Broadcast() // whoever waits may want this entry or its slot
}

// discard gives up the slot of an entry in use.
func (k *keyed[K, T]) discard(e *entry[K, T]) {
	k.lock.Lock()
	k.drop(e)
	k.lock.Unlock()
	k.changed.Broadcast()
}
