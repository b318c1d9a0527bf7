// Package sync has what the packages under test use of package sync. Each
// operation is a choice point of package sched. What is missing here does not
// compile there, and is then to be added.
package sync

import (
	"sync"

	"github.com/slotpool/slotpool/proof/sched"
)

type (
	// Mutex is sync.Mutex.
	Mutex = sched.Mutex
	// RWMutex is sync.RWMutex.
	RWMutex = sched.RWMutex
	// Locker is sync.Locker.
	Locker = sync.Locker
	// Pool is sync.Pool, for what is shared by nobody at a time.
	Pool = sync.Pool
	// Map is sync.Map, whose operations are not choice points.
	Map = sync.Map
)

// Once is sync.Once.
type Once struct {
	lock Mutex
	done bool
}

// Do calls f the first time.
func (o *Once) Do(f func()) {
	o.lock.Lock()
	defer o.lock.Unlock()
	if !o.done {
		defer func() { o.done = true }()
		f()
	}
}

// OnceFunc is sync.OnceFunc.
func OnceFunc(f func()) func() {
	var once Once
	return func() { once.Do(f) }
}

// OnceValue is sync.OnceValue.
func OnceValue[T any](f func() T) func() T {
	var once Once
	var v T
	return func() T {
		once.Do(func() { v = f() })
		return v
	}
}

// WaitGroup is sync.WaitGroup.
type WaitGroup struct {
	real  sync.WaitGroup
	count sched.Count
}

// Add adds n.
func (g *WaitGroup) Add(n int) {
	if sched.Running() {
		g.count.Add(n)
	} else {
		g.real.Add(n)
	}
}

// Done takes one off.
func (g *WaitGroup) Done() { g.Add(-1) }

// Wait waits for none.
func (g *WaitGroup) Wait() {
	if sched.Running() {
		g.count.Wait()
	} else {
		g.real.Wait()
	}
}

// Go runs f on a goroutine that is waited for.
func (g *WaitGroup) Go(f func()) {
	g.Add(1)
	sched.Go(func() {
		defer g.Done()
		f()
	})
}
