package sched

import (
	"syscall"
	"time"
)

// mostSlowed is how many times as long an exploration may take on a machine that has other
// work. Who sets a limit to its process allows for that.
const mostSlowed = 4

var started = time.Now()

// Spent is what explorations are timed by: the processor's time that this process has used,
// so that they come as far, and find as much, on a machine that has other work, too. A process
// that gets next to nothing goes by a slower clock instead.
func Spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail: getrusage(2)
	used := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	return max(used, time.Since(started)/mostSlowed)
}
