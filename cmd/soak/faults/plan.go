//go:build linux

package faults

import (
	"math/rand/v2"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/load"
)

// Window is a stretch of the run with its own load and faults.
type Window struct {
	Start     time.Duration
	Length    time.Duration
	Selection load.Selection
	Faults    []string // none in the warm-up and at the end
}

// StrikeTime is the part of the window in which its faults strike. In the
// rest their effects come out, so that they are accounted where they belong.
func (w Window) StrikeTime() time.Duration { return w.Length * 7 / 10 }

const (
	shortestWindow = 400 * time.Millisecond
	longestWindow  = 10 * time.Second
	longestWarmUp  = time.Minute
	longestTail    = 10 * time.Second
	mixedWindows   = 5                          // in each cycle
	fullCycle      = time.Minute                // that a run must last for quietLength
	quietLength    = quietAfter + 2*time.Second // of a window without a fault, at least
)

// WarmUp is the time at the start that has no faults and does not count for
// trends.
func WarmUp(duration time.Duration) time.Duration {
	return min(duration/10, longestWarmUp)
}

// MakePlan divides duration into windows: a warm-up, then cycles in which
// none strikes, each fault on its own once, in an order of its own, then several at a
// time, and a quiet tail. It is a pure function: the same arguments give
// the same plan. A cycle begins with the window that the others are compared with, so
// that it is there even if all others take longer than they should.
func MakePlan(seed uint64, duration time.Duration, faults []string) []Window {
	rnd := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	start := WarmUp(duration)
	end := duration - min(duration/20, longestTail)
	windows := []Window{{Length: start, Selection: load.SelectZipf}}
	quiet := time.Duration(0)
	if duration >= fullCycle {
		quiet = quietLength
	}
	length := (end - start - quiet) / time.Duration(len(faults)+2*mixedWindows+1)
	length = min(max(length, shortestWindow), longestWindow)
	at := start
	add := func(length time.Duration, faults []string) {
		length = min(length, end-at)
		if length < shortestWindow/2 {
			return
		}
		s := load.Selections[len(windows)%len(load.Selections)]
		windows = append(windows, Window{Start: at, Length: length, Selection: s, Faults: faults})
		at += length
	}
	for end-at >= shortestWindow/2 {
		if len(faults) == 0 {
			add(length, nil)
			continue
		}
		add(max(length, quiet), nil)
		for _, i := range rnd.Perm(len(faults)) {
			add(length, []string{faults[i]})
		}
		for range mixedWindows {
			add(2*length, pickSome(rnd, faults))
		}
	}
	return append(windows, Window{Start: at, Length: duration - at, Selection: load.SelectZipf})
}

// pickSome draws two to five of the faults, or all if there are fewer.
func pickSome(rnd *rand.Rand, faults []string) []string {
	n := min(2+rnd.IntN(4), len(faults))
	var some []string
	for _, i := range rnd.Perm(len(faults))[:n] {
		some = append(some, faults[i])
	}
	return some
}
