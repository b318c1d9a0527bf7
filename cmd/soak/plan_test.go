//go:build linux

package main

import (
	"reflect"
	"testing"
	"time"
)

func TestPlanIsPure(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	one := makePlan(1, time.Hour, names)
	if !reflect.DeepEqual(one, makePlan(1, time.Hour, names)) {
		t.Error("one seed gave two plans")
	}
	if reflect.DeepEqual(one, makePlan(2, time.Hour, names)) {
		t.Error("two seeds gave one plan")
	}
}

func TestPlanFillsDuration(t *testing.T) {
	all, err := parseFaults("all", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, faults := range [][]string{nil, all[:1], all} {
		for _, d := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 46 * time.Minute, 8 * time.Hour} {
			at := time.Duration(0)
			plan := makePlan(3, d, faults)
			for i, w := range plan {
				if w.Start != at || w.Length <= 0 {
					t.Fatalf("%v, %d faults: window %d is %+v, want it to start at %v", d, len(faults), i, w, at)
				}
				at += w.Length
			}
			if at != d {
				t.Errorf("%v, %d faults: the plan ends at %v", d, len(faults), at)
			}
			if first, last := plan[0], plan[len(plan)-1]; len(first.Faults)+len(last.Faults) != 0 {
				t.Errorf("%v: faults in the first or last window: %+v, %+v", d, first, last)
			}
		}
	}
}

func TestPlanHasEachFaultAloneAndMixed(t *testing.T) {
	all, err := parseFaults("all", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{time.Minute, time.Hour} {
		alone, mixed := map[string]bool{}, 0
		for _, w := range makePlan(4, d, all) {
			if len(w.Faults) == 1 {
				alone[w.Faults[0]] = true
			}
			if len(w.Faults) > 1 {
				mixed++
			}
		}
		if len(alone) != len(all) || mixed < mixedWindows {
			t.Errorf("%v: %d of %d faults alone, %d windows with several", d, len(alone), len(all), mixed)
		}
	}
}

func TestTasksRepeatBySeedAndUser(t *testing.T) {
	draw := func(seed uint64, user int) []task {
		s := newTaskSource(seed, user)
		var tasks []task
		for range 100 {
			tasks = append(tasks, s.next())
		}
		return tasks
	}
	first := draw(1, 5)
	if !reflect.DeepEqual(first, draw(1, 5)) {
		t.Error("one seed and user gave two lists of tasks")
	}
	if reflect.DeepEqual(first, draw(1, 6)) || reflect.DeepEqual(first, draw(2, 5)) {
		t.Error("another seed or user gave the same tasks")
	}
}

func TestTasksAreInRange(t *testing.T) {
	s := newTaskSource(1, 1)
	gets, ends := map[getMode]int{}, map[finish]int{}
	for range 20000 {
		k := s.next()
		gets[k.Get]++
		ends[k.Finish]++
		if k.Size < frameHeader || k.Size > maxFrame || k.Requests < 1 || k.Hold < 0 {
			t.Fatalf("task %+v", k)
		}
	}
	for _, w := range getModes {
		if n := gets[w.of]; n < 200*w.weight*3/4 || n > 200*w.weight*5/4 {
			t.Errorf("get mode %s: %d of 20000 for a weight of %d%%", w.of, n, w.weight)
		}
	}
	for _, w := range finishes {
		if n := ends[w.of]; n < 200*w.weight*3/4 || n > 200*w.weight*5/4 {
			t.Errorf("finish %s: %d of 20000 for a weight of %d%%", w.of, n, w.weight)
		}
	}
}

func TestPacer(t *testing.T) {
	p := pacer{rate: 100, swing: 0.5, period: 40 * time.Second, users: 50}
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{{0, 100}, {10 * time.Second, 150}, {20 * time.Second, 100}, {30 * time.Second, 50}} {
		if got := p.rateAt(c.at); got < c.want-1e-6 || got > c.want+1e-6 {
			t.Errorf("rate at %v: %v, want %v", c.at, got, c.want)
		}
	}
	if got := (pacer{rate: 7}).rateAt(time.Hour); got != 7 {
		t.Errorf("rate without a period: %v, want 7", got)
	}
	for _, c := range []struct {
		last, now time.Duration
		dice      float64
		want      time.Duration
	}{
		{0, 0, 0, 0},
		{0, 0, 0.5, 500 * time.Millisecond}, // 50 users, 100 a second: twice a second each
		{10 * time.Second, 10 * time.Second, 0.75, 10*time.Second + 500*time.Millisecond}, // 1.5 times of 1/3 s
		{0, 3 * time.Second, 0.5, 3 * time.Second},                                        // late: at once, without catching up
	} {
		got := p.next(c.last, c.now, c.dice)
		if d := got - c.want; d < -time.Microsecond || d > time.Microsecond {
			t.Errorf("next(%v, %v, %v) = %v, want %v", c.last, c.now, c.dice, got, c.want)
		}
	}
}

func TestChooser(t *testing.T) {
	const n = 100
	c := newChooser(n)
	count := func(s selection) (of [n]int) {
		tasks := newTaskSource(9, 9)
		for range 10000 {
			of[c.pick(s, tasks.next())]++
		}
		return of
	}
	if z := count(selectZipf); z[0] < 1500 || z[0] < 2*z[3] || z[99] > 100 {
		t.Errorf("zipf: %v", z)
	}
	for i, k := range count(selectRoundRobin) {
		if k != 100 {
			t.Errorf("round robin: address %d was chosen %d times of 10000", i, k)
		}
	}
	if m := count(selectMixed); m[0] < 500 || m[99] < 50 {
		t.Errorf("mixed: %v", m)
	}
	if i := c.pick(selectZipf, task{Zipf: 0.9999999999999999}); i != n-1 {
		t.Errorf("the highest dice chose %d", i)
	}
}
