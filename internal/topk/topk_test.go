package topk

import (
	"math/rand/v2"
	"testing"
)

func top[K comparable](s *Sketch[K]) []Count[K] {
	all := s.Counts()
	Sort(all)
	return all
}

// Whatever comes, in any order: no count is too low, nor too high by more than it says,
// the counts add up, and what came often is not missed.
func TestCountsHoldTheirBounds(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		zipf := rand.NewZipf(rng, 1.1, 2, 5000)
		var s Sketch[uint64]
		came := map[uint64]uint64{}
		const n = 20000
		for range n {
			k := zipf.Uint64()
			came[k]++
			s.Add(k)
		}
		sum, found := uint64(0), map[uint64]bool{}
		last := uint64(n)
		for _, c := range top(&s) {
			if c.N < came[c.Key] || c.N-c.Over > came[c.Key] {
				t.Fatalf("seed %d: %d came %d times, counted as %d with %d over", seed, c.Key, came[c.Key], c.N, c.Over)
			}
			if c.N > last {
				t.Fatalf("seed %d: %d comes after %d", seed, c.N, last)
			}
			last = c.N
			sum += c.N
			found[c.Key] = true
		}
		if sum != n || len(s.heap) != Size || len(s.at) != Size {
			t.Fatalf("seed %d: the counts add up to %d, of %d keys and %d places", seed, sum, len(s.heap), len(s.at))
		}
		for k, times := range came {
			if times > n/Size && !found[k] {
				t.Errorf("seed %d: %d came %d times and is missed", seed, k, times)
			}
		}
	}
}

func TestFewAreCountedExactly(t *testing.T) {
	var s Sketch[string]
	if len(top(&s)) != 0 {
		t.Error("an empty one has a top")
	}
	for _, k := range []string{"b", "a", "c", "a", "b", "a"} {
		s.Add(k)
	}
	if all := top(&s); len(all) != 3 || all[0] != (Count[string]{"a", 3, 0}) || all[1] != (Count[string]{"b", 2, 0}) {
		t.Errorf("%+v", all)
	}
}

func BenchmarkAdd(b *testing.B) {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), 1.1, 2, 5000)
	keys := make([]uint64, 1<<14)
	for i := range keys {
		keys[i] = zipf.Uint64()
	}
	var s Sketch[uint64]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Add(keys[i%len(keys)])
	}
}
