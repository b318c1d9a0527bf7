package sched

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"
)

var delayOneIn atomic.Uint32

// Delay makes operations outside of a run late: one in n of them, 0 for none.
func Delay(n uint32) { delayOneIn.Store(n) }

func delay() {
	n := delayOneIn.Load()
	if n == 0 || rand.Uint32N(n) != 0 {
		return
	}
	if rand.Uint32N(64) == 0 {
		time.Sleep(time.Duration(rand.Uint32N(100)) * time.Microsecond)
		return
	}
	for range rand.Uint32N(4) {
		runtime.Gosched()
	}
}
