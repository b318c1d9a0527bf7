// Package sched runs a few goroutines one at a time and decides at each of
// their atomic, lock and channel operations who goes on. The packages shim/sync
// and shim/atomic, and what package rewrite puts in the place of channel
// operations and go statements, come here for each of these operations.
//
// Outside of Explore and Replay the operations are what they are in Go, with
// delays at random if Delay was called: for tests with real parallelism.
//
// There is one exploration in a process at a time.
package sched

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// maxSteps is how many operations a run may take. A run that takes more is
// one that does not end.
const maxSteps = 20000

// active is the run that is under way. Only the goroutine whose turn it is
// reads it, and Explore and Replay write it when there is none.
var active *run

var runs uint64 // so far; tells the objects of one run from those of another

// run is one execution of a scenario.
type run struct {
	id      uint64
	tasks   []*task
	current *task
	chooser chooser
	choices []byte // each choice among several, for Replay
	steps   int
	hash    uint64 // of what happened before what so far: see hash.go
	setUp   bool   // the scenario's own code is done
	quiet   bool   // a check runs, which is no part of the scenario
	objects map[uintptr]*Obj
	named   uint64 // objects met in the set-up
	clock   clock

	stepChecks, endChecks []func() error
	failure               error
	tracing               bool
	trace                 strings.Builder
	over                  chan struct{}
}

// task is one goroutine of a run.
type task struct {
	id       int
	name     string
	turn     chan struct{} // has a message when it is the task's turn
	waitsFor readier       // nil while it can go on
	done     bool
	hash     uint64
}

// readier is what a task can wait for.
type readier interface{ ready(*run) bool }

func (t *task) enabled(r *run) bool {
	return !t.done && (t.waitsFor == nil || t.waitsFor.ready(r))
}

// Test is a scenario's way to say what happens.
type Test struct{ r *run }

// Go adds a goroutine to the scenario, which starts when the set-up is done.
func (t *Test) Go(name string, f func()) { t.r.spawn(name, f) }

// Step has check called at each step, between two operations.
func (t *Test) Step(check func() error) { t.r.stepChecks = append(t.r.stepChecks, check) }

// End has check called when all goroutines have ended.
func (t *Test) End(check func() error) { t.r.endChecks = append(t.r.endChecks, check) }

// Fail ends the run with a failure. It may be called from any of its
// goroutines, and does not return there. In the set-up it panics.
func (t *Test) Fail(format string, args ...any) {
	if !t.r.setUp {
		panic(fmt.Sprintf("sched: the set-up fails: "+format, args...))
	}
	t.r.fail(fmt.Errorf(format, args...))
	select {} // whoever started the run has been told; this goroutine is left behind
}

// Go is what a go statement becomes.
func Go(f func()) {
	r := active
	if r == nil {
		go f()
		return
	}
	r.point("go")
	r.spawn(fmt.Sprintf("goroutine %d", len(r.tasks)), f)
	r.did(nil, true)
}

func (r *run) spawn(name string, f func()) {
	t := &task{id: len(r.tasks), name: name, turn: make(chan struct{}, 1)}
	t.hash = mix(uint64(t.id), 1)
	if r.current != nil {
		t.hash = mix(t.hash, r.current.hash)
	}
	r.hash += mix(uint64(t.id)+7, t.hash)
	r.tasks = append(r.tasks, t)
	go func() {
		<-t.turn
		ok := false
		defer func() {
			if p := recover(); p != nil {
				r.fail(fmt.Errorf("%s panicked: %v\n%s", name, p, debug.Stack()))
				return
			}
			_ = ok // a Goexit ends the goroutine like a return
			t.done = true
			r.leave()
		}()
		f()
		ok = true
	}()
}

// execute runs the scenario once.
func execute(setUp func(*Test), c chooser, tracing bool) *run {
	runs++
	r := &run{id: runs, chooser: c, tracing: tracing, over: make(chan struct{}, 1), objects: map[uintptr]*Obj{}}
	active = r
	setUp(&Test{r})
	r.setUp = true
	c.begin(r)
	r.leave()
	<-r.over
	active = nil
	return r
}

// point is a choice point of the current task: before one of its operations.
func (r *run) point(what string) {
	if r.quiet {
		return
	}
	if !r.setUp {
		return
	}
	r.check()
	if r.tracing {
		r.note(what)
	}
	if r.steps++; r.steps > maxSteps {
		r.stop(fmt.Errorf("no end after %d steps", r.steps))
	}
	me := r.current
	if next := r.pick(); next != me {
		r.pass(next)
		<-me.turn
	}
}

// block lets others go on until what the current task waits for is ready.
func (r *run) block(for_ readier) {
	if r.quiet || !r.setUp {
		panic("sched: a check or a set-up blocks")
	}
	me := r.current
	me.waitsFor = for_
	if r.tracing {
		r.note("waits")
	}
	r.leave()
	<-me.turn
	me.waitsFor = nil
}

// leave gives the turn to another, as the current task has ended or waits.
func (r *run) leave() {
	r.check()
	if next := r.pick(); next != nil {
		r.pass(next)
		return
	}
	for _, t := range r.tasks {
		if !t.done {
			r.fail(errors.New("all sleep:" + r.sleepers()))
			return
		}
	}
	r.quiet = true
	for _, check := range r.endChecks {
		if err := check(); err != nil {
			r.fail(fmt.Errorf("at the end: %w", err))
			return
		}
	}
	r.over <- struct{}{}
}

func (r *run) sleepers() (s string) {
	for _, t := range r.tasks {
		if !t.done {
			s += " " + t.name + ";"
		}
	}
	return s
}

func (r *run) pass(next *task) {
	r.current = next
	next.turn <- struct{}{}
}

// pick asks the chooser who goes on; nil if nobody can.
func (r *run) pick() *task {
	var room [16]*task
	enabled := room[:0]
	for _, t := range r.tasks {
		if t.enabled(r) {
			enabled = append(enabled, t)
		}
	}
	switch len(enabled) {
	case 0:
		return nil
	case 1:
		return enabled[0]
	}
	i := r.chooser.task(r, enabled)
	r.choices = append(r.choices, byte(i))
	return enabled[i]
}

// oneOf chooses one of n things that may happen next to the current task.
func (r *run) oneOf(n int) int {
	if n == 1 || r.quiet || !r.setUp {
		return 0
	}
	i := r.chooser.data(r, n)
	r.choices = append(r.choices, byte(i))
	return i
}

func (r *run) check() {
	r.quiet = true
	for _, check := range r.stepChecks {
		if err := check(); err != nil {
			r.stop(err)
		}
	}
	r.quiet = false
}

// stop is fail for the goroutine whose turn it is, which it leaves behind.
func (r *run) stop(err error) {
	r.fail(err)
	select {}
}

func (r *run) fail(err error) {
	if r.failure == nil {
		r.failure = err
		r.over <- struct{}{}
	}
}

// note adds a line to the trace: who does what where.
func (r *run) note(what string) {
	var pcs [24]uintptr
	n := runtime.Callers(3, pcs[:])
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if !strings.Contains(f.Function, "/proof/s") { // neither sched nor shim
			name := f.Function[strings.LastIndex(f.Function, "/")+1:]
			file := f.File[strings.LastIndex(f.File, "/")+1:]
			fmt.Fprintf(&r.trace, "%4d %-12s %-10s %s %s:%d\n", r.steps, r.current.name, what, name, file, f.Line)
			return
		}
		if !more {
			return
		}
	}
}
