//go:build linux

package main

import (
	"math/rand/v2"
	"time"
)

// selection is how users choose addresses.
type selection string

const (
	selectZipf       selection = "zipf"
	selectRoundRobin selection = "round robin"
	selectMixed      selection = "mixed"
)

var selections = []selection{selectZipf, selectRoundRobin, selectMixed}

// window is a stretch of the run with its own load and faults.
type window struct {
	Start     time.Duration
	Length    time.Duration
	Selection selection
	Faults    []string // none in the warm-up and at the end
}

// strikeTime is the part of the window in which its faults strike. In the
// rest their effects come out, so that they are accounted where they belong.
func (w window) strikeTime() time.Duration { return w.Length * 7 / 10 }

const (
	shortestWindow = 400 * time.Millisecond
	longestWindow  = 10 * time.Second
	longestWarmUp  = time.Minute
	longestTail    = 10 * time.Second
	mixedWindows   = 5 // in each cycle
)

// warmUp is the time at the start that has no faults and does not count for
// trends.
func warmUp(duration time.Duration) time.Duration {
	return min(duration/10, longestWarmUp)
}

// makePlan divides duration into windows: a warm-up, then cycles in which
// each fault strikes on its own once, in an order of its own, and then several
// at a time, and a quiet tail. It is a pure function: the same arguments give
// the same plan.
func makePlan(seed uint64, duration time.Duration, faults []string) []window {
	rnd := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	start := warmUp(duration)
	end := duration - min(duration/20, longestTail)
	windows := []window{{Length: start, Selection: selectZipf}}
	length := (end - start) / time.Duration(len(faults)+2*mixedWindows)
	length = min(max(length, shortestWindow), longestWindow)
	at := start
	add := func(length time.Duration, faults []string) {
		length = min(length, end-at)
		if length < shortestWindow/2 {
			return
		}
		s := selections[len(windows)%len(selections)]
		windows = append(windows, window{Start: at, Length: length, Selection: s, Faults: faults})
		at += length
	}
	for end-at >= shortestWindow/2 {
		if len(faults) == 0 {
			add(length, nil)
			continue
		}
		for _, i := range rnd.Perm(len(faults)) {
			add(length, []string{faults[i]})
		}
		for range mixedWindows {
			add(2*length, pickSome(rnd, faults))
		}
	}
	return append(windows, window{Start: at, Length: duration - at, Selection: selectZipf})
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

// How a user asks for the connection.
type getMode string

const (
	getWaits     getMode = "nil"       // no canceler: waits for ever
	getImmediate getMode = "immediate" // fails rather than wait
	getContext   getMode = "context"   // a context with a timeout
	getSend      getMode = "send"      // a non-blocking send after a while
	getClosed    getMode = "closed"    // a channel that is closed already
)

// What a user does with the connection in the end.
type finish string

const (
	finishPut           finish = "put"
	finishClose         finish = "close"
	finishCloseUnread   finish = "close with the answer unread"
	finishScheduleClose finish = "schedule close, put"
	finishPutTwice      finish = "put twice"
	finishPutClosed     finish = "close, put"
	finishDie           finish = "die"
)

// task is one turn of a user: all that is decided by chance is decided here.
type task struct {
	Zipf, Even  float64 // dice for the choice of address
	Get         getMode
	CancelAfter time.Duration
	OwnDialer   bool // GetWithDialer rather than Get
	Hold        time.Duration
	Requests    int
	Size        int // of each request
	Finish      finish
	DialDice    float64 // below a dial fault's share: it strikes this dial
	CancelDice  float64 // below the cancel fault's share: it strikes this Get
	Pace        float64
}

// taskSource makes the tasks of one user, the same for the same seed.
type taskSource struct{ rnd *rand.Rand }

func newTaskSource(seed uint64, user int) taskSource {
	return taskSource{rand.New(rand.NewPCG(seed, uint64(user)+1))}
}

// next draws in a fixed order, so that a task depends only on the seed, the
// user and how many came before it.
func (s taskSource) next() task {
	r := s.rnd
	t := task{
		Zipf: r.Float64(), Even: r.Float64(),
		CancelAfter: time.Duration(r.Int64N(int64(40 * time.Millisecond))),
		OwnDialer:   r.IntN(2) == 0,
		Hold:        time.Duration(r.ExpFloat64() * float64(8*time.Millisecond)),
		Requests:    1 + r.IntN(3),
		Size:        frameHeader + r.IntN(1000),
		DialDice:    r.Float64(), CancelDice: r.Float64(), Pace: r.Float64(),
	}
	t.Hold = min(t.Hold, 80*time.Millisecond)
	if r.IntN(50) == 0 {
		t.Size = frameHeader + r.IntN(maxFrame-frameHeader)
	}
	t.Get = weighted(r, getModes)
	t.Finish = weighted(r, finishes)
	return t
}

type weight[T any] struct {
	of     T
	weight int
}

var getModes = []weight[getMode]{
	{getWaits, 60}, {getContext, 15}, {getSend, 12}, {getImmediate, 10}, {getClosed, 3},
}

var finishes = []weight[finish]{
	{finishPut, 78}, {finishClose, 6}, {finishCloseUnread, 2}, {finishScheduleClose, 5},
	{finishPutTwice, 3}, {finishPutClosed, 2}, {finishDie, 4},
}

func weighted[T any](rnd *rand.Rand, choices []weight[T]) T {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	n := rnd.IntN(total)
	for _, c := range choices[:len(choices)-1] {
		if n < c.weight {
			return c.of
		}
		n -= c.weight
	}
	return choices[len(choices)-1].of
}
