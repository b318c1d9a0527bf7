package testkit

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// Loop is what runs again and again beside what is timed.
type Loop struct {
	Name string
	Do   func()
}

// reads is the loop to compare with: it reads a word of each of a million cache lines, and
// takes no lock. So it costs what a busy second processor costs.
func reads() Loop {
	type line [8]atomic.Uint64
	lines := make([]line, 1_000_000)
	return Loop{"reads", func() {
		for i := range lines {
			lines[i][0].Load()
		}
	}}
}

// calls are those of a turn, at least.
const calls = 200_000

// Slowest reports the slowest in ten thousand calls of f, in nanoseconds: alone, beside a
// loop that only reads memory, and beside each of the loops. They take turns, so that what
// else the machine does hits all of them. A turn lasts until the loop has passed once. An
// iteration of b is a turn of each. The figures are medians over the iterations, as is the
// time that a pass of a loop took, in milliseconds.
func Slowest(b *testing.B, f func(), loops ...Loop) {
	loops = append([]Loop{{Name: "alone"}, reads()}, loops...)
	all := make([]turns, len(loops))
	for b.Loop() {
		for i, l := range loops {
			all[i].take(f, l.Do)
		}
	}
	b.ReportMetric(0, "ns/op") // of turns, which says nothing
	for i, l := range loops {
		b.ReportMetric(median(all[i].slow), l.Name+"-p99.99-ns")
		if l.Do != nil {
			b.ReportMetric(median(all[i].passes)/1e6, l.Name+"-ms")
		}
	}
}

// turns are those of one loop.
type turns struct {
	slow   []float64 // of each turn, nanoseconds
	passes []float64 // how long a pass of the loop took in the mean, nanoseconds
}

func (t *turns) take(f, beside func()) {
	var took spread
	var passes atomic.Int64
	began, ended := make(chan struct{}), make(chan time.Duration)
	var stop atomic.Bool
	if beside != nil {
		go func() {
			start := time.Now()
			close(began)
			for !stop.Load() {
				beside()
				passes.Add(1)
			}
			ended <- time.Since(start)
		}()
		<-began
	}
	for n := 0; n < calls || beside != nil && passes.Load() == 0; n++ {
		start := time.Now()
		f()
		took.add(time.Since(start))
	}
	stop.Store(true)
	if beside != nil {
		t.passes = append(t.passes, float64((<-ended).Nanoseconds())/float64(passes.Load()))
	}
	t.slow = append(t.slow, took.quantile(0.9999))
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// spread counts durations in buckets of a 32nd of their size. It does not grow, as a
// collection of garbage would show among the slowest.
type spread struct {
	buckets [64 * 32]uint32
	count   int
}

func (s *spread) add(d time.Duration) {
	n := uint64(max(d, 0))
	octave := max(0, bits.Len64(n)-6)
	s.buckets[octave*32+int(n>>octave)]++
	s.count++
}

// quantile is the least duration of the bucket, in nanoseconds.
func (s *spread) quantile(q float64) float64 {
	rank := int(q * float64(s.count))
	for i, n := range s.buckets {
		if rank < int(n) {
			octave := max(0, i/32-1)
			return float64(uint64(i-octave*32) << octave)
		}
		rank -= int(n)
	}
	return 0
}
