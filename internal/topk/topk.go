// Package topk finds what comes most often in a stream, in bounded memory: the
// space-saving sketch of Metwally, Agrawal and El Abbadi (2005).
package topk

import (
	"cmp"
	"slices"
)

// Size is how many keys a Sketch counts at once. One that makes up more than a
// Size-th of the stream is always among them.
const Size = 64

// Sketch counts keys. When a new one comes and Size are counted, it takes the place
// and the count of the one that came least. Its zero value is empty; it is not for
// concurrent use.
type Sketch[K comparable] struct {
	heap []Count[K] // none came more often than those at 2i+1 and 2i+2
	at   map[K]int  // where it is in heap
}

// Count says how often a key came: at most N times, and at least N-Over.
type Count[K comparable] struct {
	Key     K
	N, Over uint64
}

// Add counts a key once more.
func (s *Sketch[K]) Add(key K) {
	i, known := s.at[key]
	switch {
	case known:
		s.heap[i].N++
	case len(s.heap) < Size:
		if s.at == nil {
			s.at = make(map[K]int)
		}
		i = len(s.heap)
		s.heap = append(s.heap, Count[K]{Key: key, N: 1})
		s.at[key] = i
		s.up(i)
		return
	default:
		delete(s.at, s.heap[0].Key)
		least := s.heap[0].N
		s.heap[0] = Count[K]{Key: key, N: least + 1, Over: least}
		s.at[key] = 0
	}
	s.down(i)
}

func (s *Sketch[K]) up(i int) {
	for parent := (i - 1) / 2; i > 0 && s.heap[i].N < s.heap[parent].N; parent = (i - 1) / 2 {
		s.swap(i, parent)
		i = parent
	}
}

func (s *Sketch[K]) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(s.heap); c++ {
			if s.heap[c].N < s.heap[least].N {
				least = c
			}
		}
		if least == i {
			return
		}
		s.swap(i, least)
		i = least
	}
}

func (s *Sketch[K]) swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.at[s.heap[i].Key], s.at[s.heap[j].Key] = i, j
}

// Counts are all keys that are counted, in no order.
func (s *Sketch[K]) Counts() []Count[K] { return slices.Clone(s.heap) }

// Sort puts the keys that came most often first. To do so with what Counts has returned takes
// longer than Counts, and no lock.
func Sort[K comparable](counts []Count[K]) {
	slices.SortStableFunc(counts, func(a, b Count[K]) int { return cmp.Compare(b.N, a.N) })
}
