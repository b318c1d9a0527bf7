package sched

import "reflect"

// Task is a goroutine of a run. The zero Task is none.
type Task struct{ t *task }

// Current is the goroutine that calls; the zero Task outside of a run.
func Current() Task {
	if r := active; r != nil {
		return Task{r.current}
	}
	return Task{}
}

// SleepsOn reports whether t waits to receive from ch, perhaps among other things, and none
// of these has come.
func SleepsOn[T any](t Task, ch <-chan T) bool {
	if t.t == nil || active == nil {
		return false
	}
	p, ok := t.t.waitsFor.(*parked)
	if !ok || p.ready(active) {
		return false
	}
	for _, c := range p.cases {
		if !c.send && c.channel == reflect.ValueOf(ch).Pointer() {
			return true
		}
	}
	return false
}
