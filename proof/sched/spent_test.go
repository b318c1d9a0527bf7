package sched

import (
	"testing"
	"time"
)

func TestSpentIsWhatIsWorked(t *testing.T) {
	before, n := Spent(), 0
	for Spent()-before < 20*time.Millisecond {
		n++
	}
	if n == 0 {
		t.Error("nothing was done in that time")
	}
}
