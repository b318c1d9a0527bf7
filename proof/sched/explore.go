package sched

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A Failure is a schedule under which a scenario fails.
type Failure struct {
	Err      error
	Schedule string // for Replay
	Found    string // how
	Trace    string
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%v\nfound by %s; again with EXPLORE_SCHEDULE=%s\n%s", f.Err, f.Found, f.Schedule, f.Trace)
}

// A Report says how much was explored.
type Report struct {
	Schedules int
	Bound     int  // of preemptions, up to which all schedules were gone through; -1 if not even 0
	Exhausted bool // there is none with more
	Random    int  // schedules at random, of these
	Seed      uint64
}

func (r Report) String() string {
	s := fmt.Sprintf("%d schedules", r.Schedules)
	if r.Exhausted {
		s += ", which are all"
	} else if r.Bound >= 0 {
		s += fmt.Sprintf(", all of those with up to %d preemptions", r.Bound)
	}
	if r.Random > 0 {
		s += fmt.Sprintf(", and %d at random from seed %d", r.Random, r.Seed)
	}
	return s
}

// Options of Explore.
type Options struct {
	For      time.Duration // by Spent, in all; half of it at most for the search
	MaxBound int           // of preemptions
	Seed     uint64
	NoSearch bool
	NoPrune  bool // for scenarios whose goroutines share more than the scheduler sees
}

// Explore runs the scenario under one schedule after the other: all with no
// preemption, with one, and so on, and then at random.
func Explore(setUp func(*Test), o Options) (rep Report, f *Failure) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	began := Spent()
	rep.Bound, rep.Seed = -1, o.Seed
	longest := 0
	if !o.NoSearch {
		for bound := 0; bound <= o.MaxBound && !rep.Exhausted; bound++ {
			done, widest, f := explore(setUp, bound, o, began+o.For*6/10, &rep, &longest)
			if f != nil {
				return rep, f
			}
			if !done {
				break
			}
			rep.Bound = bound
			rep.Exhausted = !widest
		}
	}
	for seed := o.Seed; !rep.Exhausted && Spent()-began < o.For; seed++ {
		for _, c := range []chooser{&walk{seed: seed}, &pct{seed: seed, changes: int(seed % 4), steps: longest}} {
			r := execute(setUp, c, false)
			rep.Schedules++
			rep.Random++
			longest = max(longest, r.steps)
			if r.failure != nil {
				return rep, explain(setUp, r, fmt.Sprintf("%T with seed %d", c, seed))
			}
		}
	}
	return rep, nil
}

// explore goes through all schedules with up to bound preemptions. It reports
// whether it got through, and whether a larger bound would give more.
func explore(setUp func(*Test), bound int, o Options, end time.Duration, rep *Report, longest *int) (done, more bool, f *Failure) {
	s := newSearch(bound)
	if o.NoPrune {
		s.size = 0
	}
	for {
		r := execute(setUp, s, false)
		rep.Schedules++
		*longest = max(*longest, r.steps)
		if r.failure != nil {
			return false, true, explain(setUp, r, fmt.Sprintf("a search with %d preemptions", bound))
		}
		more = more || s.left == 0
		if !s.next() {
			return true, more, nil
		}
		if Spent() > end {
			return false, true, nil
		}
	}
}

// explain runs a failing schedule again, with a trace.
func explain(setUp func(*Test), failed *run, how string) *Failure {
	schedule := encode(failed)
	f := &Failure{Err: failed.failure, Schedule: schedule, Found: how}
	if again := Replay(setUp, schedule); again != nil {
		f.Trace = again.Trace
	} else {
		f.Trace = "(it does not fail again: the scenario does not do the same each time)"
	}
	return f
}

// Replay runs the scenario under one schedule, with a trace; nil if all is well.
func Replay(setUp func(*Test), schedule string) *Failure {
	p, err := decode(schedule)
	if err != nil {
		return &Failure{Err: err, Schedule: schedule, Found: "no run"}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := execute(setUp, p, true)
	if r.failure == nil {
		return nil
	}
	return &Failure{Err: r.failure, Schedule: schedule, Found: "replay", Trace: r.trace.String()}
}

// encode writes the choices of a run: an s for a search or an r for random,
// and each choice, with how often it comes in a row.
func encode(r *run) string {
	var b strings.Builder
	b.WriteByte('s')
	if r.chooser.everywhere() {
		b.Reset()
		b.WriteByte('r')
	}
	for i := 0; i < len(r.choices); {
		n := 1
		for i+n < len(r.choices) && r.choices[i+n] == r.choices[i] {
			n++
		}
		fmt.Fprintf(&b, ".%d", r.choices[i])
		if n > 1 {
			fmt.Fprintf(&b, "x%d", n)
		}
		i += n
	}
	return b.String()
}

func decode(s string) (*replay, error) {
	parts := strings.Split(s, ".")
	p := &replay{every: parts[0] == "r"}
	if parts[0] != "r" && parts[0] != "s" {
		return nil, fmt.Errorf("schedule %q: must begin with s or r", s)
	}
	for _, part := range parts[1:] {
		choice, times, several := strings.Cut(part, "x")
		c, err := strconv.ParseUint(choice, 10, 8)
		n := uint64(1)
		if err == nil && several {
			n, err = strconv.ParseUint(times, 10, 20)
		}
		if err != nil {
			return nil, fmt.Errorf("schedule %q: %q is no choice", s, part)
		}
		for range n {
			p.choices = append(p.choices, byte(c))
		}
	}
	return p, nil
}
