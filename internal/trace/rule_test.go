package trace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// newTrace spells a trace of letters for a single user.
func newTrace(slots int, letters string) *Trace {
	t := &Trace{Slots: slots, Addresses: 26, Users: 1}
	for _, c := range letters {
		t.Steps = append(t.Steps, Step{Address: uint32(c - 'A')})
	}
	return t
}

// TestRules has small traces worked by hand. The comments say what each
// eviction takes.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		rule  string
		new   NewRule
		slots int
		trace string
		dials int
	}{
		{"LRU", NewLRU, 3, "ABCADA", 4},       // B
		{"LRU", NewLRU, 3, "ABCADBC", 6},      // B, C, A
		{"LRU", NewLRU, 2, "ABCABC", 6},       // a loop: always the next
		{"newest", NewNewest, 3, "ABCDAB", 4}, // C
		{"newest", NewNewest, 3, "ABCADA", 5}, // A, the last put, then D
		{"newest", NewNewest, 2, "ABCABC", 4}, // B; A again and C stay, A for B
		{"SIEVE", NewSieve, 3, "ABCADBEA", 6}, // spares A: B; then C
		{"SIEVE", NewSieve, 3, "ABCABDEB", 5}, // spares A, B: C; from the oldest again: A
		{"Belady", NewBelady, 3, "ABCDABEABC", 6},
		{"Belady", NewBelady, 2, "ABCABC", 4},
		{"S3-FIFO", NewS3FIFO, 3, "AAABCDA", 4}, // A moves to main: B
		{"S3-FIFO", NewS3FIFO, 3, "ABCDAEA", 6}, // A, back from ghost into main
		{"S3-FIFO", NewS3FIFO, 3, "AABCDA", 5},  // one use is not enough for main
		{"LFU", NewLFU, 2, "AABCBCA", 5},        // B, C, B: A has two
		{"LFU", NewLFU, 2, "AABBBCA", 4},        // A, then C
		{"CLOCK", NewCLOCK, 3, "ABCADBEA", 7},   // spares A: B; C; D; A's mark is gone
		{"ARC", NewARC, 2, "AABCBA", 5},         // B; its return shifts the border: A; then C
		{"ARC", NewARC, 2, "ABCABC", 6},         // a loop: as LRU
		{"2Q", NewTwoQ, 4, "ABCDEABE", 7},       // A, B for A, C for B: both back from out into main
	} {
		t.Run(c.rule+" "+c.trace, func(t *testing.T) {
			if got := Dials(newTrace(c.slots, c.trace), c.new); got != c.dials {
				t.Errorf("%d dials, want %d", got, c.dials)
			}
		})
	}
}

// TestRulesSpareTheHeld has user 1 hold A while user 0 needs slots. All rules
// but newest would take A, for all is fresh and A is oldest.
func TestRulesSpareTheHeld(t *testing.T) {
	trace := &Trace{Slots: 2, Addresses: 4, Users: 2, Steps: []Step{
		{Address: 0, User: 1},
		{Address: 1, User: 0},
		{Address: 2, User: 0}, // B goes
		{Address: 3, User: 0}, // C goes
		{Address: 0, User: 1}, // a reuse
	}}
	for _, r := range Rules() {
		if got := Dials(trace, r.New); got != 4 {
			t.Errorf("%s: %d dials, want 4", r.Name, got)
		}
	}
}

// TestBeladyIsOptimal compares with a search of all choices, on small traces
// of one user and of two.
func TestBeladyIsOptimal(t *testing.T) {
	for users := 1; users <= 2; users++ {
		for seed := range 200 {
			trace := randomTrace(users, uint64(seed))
			if got, want := Dials(trace, NewBelady), fewest(trace); got != want {
				t.Errorf("users %d, seed %d: %d dials, want %d", users, seed, got, want)
			}
		}
	}
}

func randomTrace(users int, seed uint64) *Trace {
	spec := Spec{Users: users, Open: zipfSpec(0.1).Open}
	made := spec.Make(20 + int(seed))
	trace := &Trace{Slots: 3, Addresses: 6, Users: users}
	held := make([]uint32, users)
	for _, s := range made.Steps[seed:] {
		a := s.Address % 6
		held[s.User] = 0
		for contains(held, a+1) {
			a = (a + 1) % 6
		}
		held[s.User] = a + 1
		trace.Steps = append(trace.Steps, Step{a, s.User})
	}
	return trace
}

// fewest tries every victim, keeping for each set of residents the fewest
// dials that lead to it.
func fewest(t *Trace) int {
	states := map[uint]int{0: 0} // bit set of residents
	holds := make([]uint, t.Users)
	for _, step := range t.Steps {
		holds[step.User] = 0
		held := uint(0)
		for _, h := range holds {
			held |= h
		}
		bit := uint(1) << step.Address
		next := map[uint]int{}
		reach := func(set uint, dials int) {
			if old, ok := next[set]; !ok || dials < old {
				next[set] = dials
			}
		}
		for set, dials := range states {
			victims := members(set &^ held)
			switch {
			case set&bit != 0:
				reach(set, dials)
			case len(members(set)) < t.Slots:
				reach(set|bit, dials+1)
			default:
				for _, v := range victims {
					reach(set&^v|bit, dials+1)
				}
			}
		}
		states, holds[step.User] = next, bit
	}
	least := len(t.Steps)
	for _, dials := range states {
		least = min(least, dials)
	}
	return least
}

func members(set uint) (bits []uint) {
	for bit := uint(1); bit <= set; bit <<= 1 {
		if set&bit != 0 {
			bits = append(bits, bit)
		}
	}
	return bits
}

// stubborn names the held, then the absent.
type stubborn struct{ victim uint32 }

func (stubborn) Hit(uint32)             {}
func (stubborn) Insert(uint32)          {}
func (stubborn) Put(uint32)             {}
func (s stubborn) Victim(uint32) uint32 { return s.victim }

func TestDialsRefusesWrongVictims(t *testing.T) {
	held := &Trace{Slots: 1, Addresses: 2, Users: 2, Steps: []Step{{0, 0}, {1, 1}}}
	for _, victim := range []uint32{0, 1} {
		func() {
			defer func() {
				want := fmt.Sprintf("victim %d is held or has no slot", victim)
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			Dials(held, func(*Trace, func(uint32) bool) Rule { return stubborn{victim} })
		}()
	}
}

// lifo is a pool that evicts what was put last, as the runner sees pools.
type lifo struct {
	slots, used int
	idle        []*lifoResource
}

type lifoResource struct {
	pool   *lifo
	target Target
}

var errFull = errors.New("full")

func (p *lifo) create(target Target, _ string) Resource {
	return &lifoResource{pool: p, target: target}
}

func (r *lifoResource) Get(<-chan struct{}) error {
	p := r.pool
	if i := slices.Index(p.idle, r); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
		return nil
	}
	if p.used == p.slots {
		if len(p.idle) == 0 {
			return errFull
		}
		last := len(p.idle) - 1
		victim := p.idle[last]
		p.idle = p.idle[:last]
		victim.target.Release()
		p.used--
	}
	p.used++
	return r.target.Allocate()
}

func (r *lifoResource) Put() { r.pool.idle = append(r.pool.idle, r) }

// TestPoolDialsAsSimulated runs the newest-first rule both ways.
func TestPoolDialsAsSimulated(t *testing.T) {
	for _, spec := range Specs() {
		trace := spec.Make(5000)
		got, err := PoolDials(&trace, (&lifo{slots: Slots}).create)
		if want := Dials(&trace, NewNewest); err != nil || got != want {
			t.Errorf("%s: %d dials, error %v; want %d", spec.Name, got, err, want)
		}
	}
}

func TestPoolDialsReportsFaults(t *testing.T) {
	trace := &Trace{Slots: 1, Addresses: 2, Users: 2, Steps: []Step{{0, 0}, {1, 1}}}
	_, err := PoolDials(trace, (&lifo{slots: 1}).create)
	if !errors.Is(err, errFull) || !strings.Contains(err.Error(), "Get 1, of address 1") {
		t.Errorf("error %v, want one that names the Get that failed", err)
	}
	_, err = PoolDials(trace, (&lifo{slots: 2}).create)
	if err == nil || !strings.Contains(err.Error(), "more than 1 allocated") {
		t.Errorf("error %v, want one of too many allocated", err)
	}
}
