package shard

import (
	"testing"
	"time"
)

// Beside a goroutine that never rests a walk took ten milliseconds for each of its steps.
func TestWalkBesideABusyGoroutineTakesHalfTheTime(t *testing.T) {
	const step, slice, steps = time.Microsecond, 10 * time.Millisecond, 100_000
	for _, c := range []struct {
		takes       time.Duration // to give way
		least, most int           // how often it does
	}{
		{0, steps, steps},
		{step / 2, steps, steps},
		{slice, 9, 11},
	} {
		clock, given := time.Unix(0, 0), 0
		var turns Turns
		for range steps {
			clock = clock.Add(step)
			turns.pass(func() time.Time { return clock }, func() {
				given++
				clock = clock.Add(c.takes)
			})
		}
		if given < c.least || given > c.most {
			t.Errorf("it gives way %d times if that takes %v, want %d to %d", given, c.takes, c.least, c.most)
		}
	}
}
