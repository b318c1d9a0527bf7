//go:build linux

package load

import (
	"reflect"
	"testing"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/wire"
)

func TestTasksRepeatBySeedAndUser(t *testing.T) {
	draw := func(seed uint64, user int) []task {
		s := NewTaskSource(seed, user)
		var tasks []task
		for range 100 {
			tasks = append(tasks, s.Next())
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
	s := NewTaskSource(1, 1)
	gets, ends := map[getMode]int{}, map[finish]int{}
	for range 20000 {
		k := s.Next()
		gets[k.Get]++
		ends[k.Finish]++
		if k.Size < wire.FrameHeader || k.Size > wire.MaxFrame || k.Requests < 1 || k.Hold < 0 {
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
	count := func(s Selection) (of [n]int) {
		tasks := NewTaskSource(9, 9)
		for range 10000 {
			of[c.pick(s, tasks.Next())]++
		}
		return of
	}
	if z := count(SelectZipf); z[0] < 1500 || z[0] < 2*z[3] || z[99] > 100 {
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
	if i := c.pick(SelectZipf, task{Zipf: 0.9999999999999999}); i != n-1 {
		t.Errorf("the highest dice chose %d", i)
	}
}
