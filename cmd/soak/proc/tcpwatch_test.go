//go:build linux

package proc

import (
	"testing"
	"time"
)

func TestWatchNamesWhatIsForgotten(t *testing.T) {
	forgotten := map[uint64]int{}
	w := &TCPWatch{Forgotten: func(inode uint64, _ time.Duration) { forgotten[inode]++ }}
	start := time.Now()
	for i, look := range []struct {
		closeWait []uint64
		held      map[uint64]bool
	}{
		{[]uint64{1, 2, 3}, nil},
		{[]uint64{1, 2, 3}, map[uint64]bool{2: true}}, // a user has 2
		{[]uint64{1, 2, 4}, nil},                      // 3 was closed in time
		{[]uint64{1, 2, 3, 4}, nil},                   // 3 is another by now
	} {
		w.age(look.closeWait, look.held, start.Add(time.Duration(i)*CloseWaitLimit*2/5))
	}
	w.age([]uint64{5}, nil, start)
	w.age([]uint64{5}, nil, start.Add(time.Hour)) // of which this process saw nothing
	if len(forgotten) != 1 || forgotten[1] != 1 {
		t.Errorf("forgotten: %v, want 1 alone, once", forgotten)
	}
}
