package evict

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Counters come round: the era in a word and the epoch after 256, the era of a list after 65,536,
// the clock in a record and the folded uses after 2^32. A pool that starts just below
// must evict what one that starts at 0 evicts.

// wrapVisits goes through hot sets that move, a scan, and a loop: each expert has its turn.
func wrapVisits(n int) (all []int) {
	rng := rand.New(rand.NewPCG(8, 16))
	for i := range n {
		switch i / 500 % 3 {
		case 0:
			all = append(all, i/1500*7%400+int(90*rng.Float64()*rng.Float64()))
		case 1:
			all = append(all, 500+i%1000)
		default:
			all = append(all, i%110)
		}
	}
	return all
}

// rigs are one for each expert alone, and those that learn, with one list, with several, and
// with records that are kept by key.
func rigs(t *testing.T, nodes int) map[string]*rig {
	keyed := newRig(t, 100, 1, nodes)
	for i, n := range keyed.nodes {
		keyed.keys[n] = uint64(i+1) * 0x9E3779B97F4A7C15
		n.Remember()
	}
	all := map[string]*rig{"learning": newRig(t, 100, 1, nodes), "learning, 4 lists": newRig(t, 100, 4, nodes), "keyed": keyed}
	for e := duel; e < experts; e++ {
		all[rules[e].Name] = only(t, e, 100, nodes)
	}
	return all
}

// wantSameVictims plays visits after each of the starts, of which the first is that of a new pool.
func wantSameVictims(t *testing.T, starts []uint64, start func(p *Lists, s *List, at uint64), ended func(r *rig, name string, at uint64)) {
	t.Helper()
	before := map[string][]int{}
	visits := wrapVisits(9000)
	for _, at := range starts {
		for name, r := range rigs(t, slices.Max(visits)+1) {
			r.costs = func(i int) int64 { return 1 << (12 + i%5) }
			for _, s := range *r.lists.all.Load() {
				start(&r.lists, s, at)
			}
			for _, i := range visits {
				r.visit(i)
				if e, ok := expertNamed(name); ok {
					r.lists.board.best.Store(uint32(e))
				}
			}
			r.audit()
			ended(r, name, at)
			switch {
			case len(r.gone) < 1000:
				t.Errorf("%s: only %d victims", name, len(r.gone))
			case before[name] == nil:
				before[name] = r.gone
			case !slices.Equal(r.gone, before[name]):
				t.Errorf("%s from %d: other victims than from 0, of %d the %d. first", name, at, len(r.gone), firstOther(r.gone, before[name]))
			}
		}
	}
}

func expertNamed(name string) (expert, bool) {
	for e := duel; e < experts; e++ {
		if rules[e].Name == name {
			return e, true
		}
	}
	return none, false
}

func firstOther(a, b []int) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestVictimsAreTheSameWhenTheErasComeRound(t *testing.T) {
	// One wraps at once, one in the middle, one by the 8 bits of the word alone.
	wantSameVictims(t, []uint64{0, 1<<16 - 6, 1<<16 - 200, 250, 100},
		func(p *Lists, s *List, at uint64) {
			p.era.Store(at << 8 & EraMask)
			s.era = uint16(at)
			s.needed.Store(uint32(uint8(at)))
		},
		func(r *rig, name string, at uint64) {
			if s := r.list(); at > 1<<15 && s.era > 1<<15 {
				t.Errorf("%s from %d: at the end the era is %d", name, at, s.era)
			}
		})
}

func TestVictimsAreTheSameWhenTheClockComesRound(t *testing.T) {
	// Multiples of mergeEvery: it is looked at modulo that.
	wantSameVictims(t, []uint64{0, 1<<32 - mergeEvery, 1<<32 - 20*mergeEvery, 1<<31 - 20*mergeEvery},
		func(_ *Lists, s *List, at uint64) { s.clock, s.before, s.eraEnds = at, at, s.eraEnds+at },
		func(r *rig, name string, at uint64) {
			if s := r.list(); at > 1<<31 && s.clock < 1<<32 {
				t.Errorf("%s from %d: at the end the clock is %d", name, at, s.clock)
			}
		})
}

func TestVictimsAreTheSameWhenTheEpochsComeRound(t *testing.T) {
	wantSameVictims(t, []uint64{0, 255, 254},
		func(_ *Lists, s *List, at uint64) { s.epoch = uint8(at) },
		func(r *rig, name string, at uint64) {
			if s := r.list(); at > 0 && s.epoch > 100 {
				t.Errorf("%s from %d: at the end the epoch is %d", name, at, s.epoch)
			}
		})
}

// The folded uses are told modulo 2^32, whoever moves them from the word.
func TestUsesGoOnWhenTheFoldedComeRound(t *testing.T) {
	const before = 1<<32 - 20
	visits := wrapVisits(9000)
	for name, r := range rigs(t, slices.Max(visits)+1) {
		for _, n := range r.nodes {
			n.folded.Store(before)
		}
		want, round := make([]uint32, len(r.nodes)), 0
		for step, i := range visits {
			r.visit(i)
			want[i]++
			if step%100 != 0 {
				continue
			}
			for j, n := range r.nodes {
				if got := n.Uses(n.W.Load()); got-before != want[j] {
					t.Fatalf("%s: node %d has %d uses, want %d", name, j, got-before, want[j])
				}
			}
		}
		for _, n := range r.nodes {
			if n.folded.Load() < before {
				round++
			}
		}
		if round == 0 {
			t.Errorf("%s: none came round", name)
		}
	}
}
