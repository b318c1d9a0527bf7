package sched

import "sync"

// Mutex is a mutual exclusion lock.
type Mutex struct {
	real sync.Mutex
	held bool
	obj  Obj
}

func (m *Mutex) ready(*run) bool { return !m.held }

// Held reports whether somebody has the lock: for checks between two steps.
func (m *Mutex) Held() bool { return m.held }

// Lock waits for the lock.
func (m *Mutex) Lock() {
	r := active
	if r == nil {
		delay()
		m.real.Lock()
		return
	}
	if r.quiet {
		if m.held {
			panic("sched: a check wants a lock that is held")
		}
		return
	}
	r.point("Lock")
	for m.held {
		r.block(m)
	}
	m.held = true
	r.did(&m.obj, true)
}

// TryLock takes the lock if it is free.
func (m *Mutex) TryLock() bool {
	r := active
	if r == nil {
		delay()
		return m.real.TryLock()
	}
	if r.quiet {
		return !m.held
	}
	r.point("TryLock")
	if m.held {
		r.did(&m.obj, false)
		return false
	}
	m.held = true
	r.did(&m.obj, true)
	return true
}

// Unlock frees the lock. Before it there is a choice only where choices are
// made at random: whoever could go on before it is in the same position after
// it, or waits for it.
func (m *Mutex) Unlock() {
	r := active
	if r == nil {
		m.real.Unlock()
		return
	}
	if r.quiet {
		return
	}
	if r.chooser.everywhere() {
		r.point("Unlock")
	}
	if !m.held {
		panic("sched: Unlock of a lock that is not held")
	}
	m.held = false
	r.did(&m.obj, true)
}

// RWMutex is a lock that many readers may have at once. A writer does not keep
// readers out while it waits, which allows all that sync.RWMutex does and more.
type RWMutex struct {
	real    sync.RWMutex
	writer  bool
	readers int
	obj     Obj
}

type forReading struct{ *RWMutex }
type forWriting struct{ *RWMutex }

func (m forReading) ready(*run) bool { return !m.writer }
func (m forWriting) ready(*run) bool { return !m.writer && m.readers == 0 }

// Held reports whether somebody has the lock for writing.
func (m *RWMutex) Held() bool { return m.writer }

// Lock waits for the lock for writing.
func (m *RWMutex) Lock() {
	r := active
	if r == nil {
		delay()
		m.real.Lock()
		return
	}
	if r.quiet {
		return
	}
	r.point("Lock")
	for m.writer || m.readers > 0 {
		r.block(forWriting{m})
	}
	m.writer = true
	r.did(&m.obj, true)
}

// Unlock frees the lock.
func (m *RWMutex) Unlock() {
	r := active
	if r == nil {
		m.real.Unlock()
		return
	}
	if r.quiet {
		return
	}
	m.writer = false
	r.did(&m.obj, true)
}

// RLock waits for the lock for reading.
func (m *RWMutex) RLock() {
	r := active
	if r == nil {
		delay()
		m.real.RLock()
		return
	}
	if r.quiet {
		return
	}
	r.point("RLock")
	for m.writer {
		r.block(forReading{m})
	}
	m.readers++
	r.did(&m.obj, true)
}

// RUnlock frees it.
func (m *RWMutex) RUnlock() {
	r := active
	if r == nil {
		m.real.RUnlock()
		return
	}
	if r.quiet {
		return
	}
	m.readers--
	r.did(&m.obj, true)
}

// Count is a number that can be waited for to become 0.
type Count struct {
	n   int
	obj Obj
}

func (c *Count) ready(*run) bool { return c.n == 0 }

// Add changes the number in a run.
func (c *Count) Add(n int) {
	r := active
	r.point("Add")
	c.n += n
	r.did(&c.obj, true)
}

// Wait waits for 0 in a run.
func (c *Count) Wait() {
	r := active
	r.point("Wait")
	for c.n != 0 {
		r.block(c)
	}
	r.did(&c.obj, true)
}

// Running reports whether a run is under way.
func Running() bool { return active != nil }
