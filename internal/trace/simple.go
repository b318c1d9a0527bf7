package trace

import "math/rand/v2"

// random evicts any idle address.
type random struct {
	rng       *rand.Rand
	held      func(uint32) bool
	residents []uint32
}

// NewRandom makes the rule that evicts any idle address with equal chance.
func NewRandom(_ *Trace, held func(uint32) bool) Rule {
	return &random{rng: rand.New(rand.NewPCG(3, 4)), held: held}
}

func (r *random) Hit(uint32)      {}
func (r *random) Put(uint32)      {}
func (r *random) Insert(a uint32) { r.residents = append(r.residents, a) }

func (r *random) Victim(uint32) uint32 {
	for {
		i := r.rng.IntN(len(r.residents))
		if victim := r.residents[i]; !r.held(victim) {
			last := len(r.residents) - 1
			r.residents[i] = r.residents[last]
			r.residents = r.residents[:last]
			return victim
		}
	}
}

// byPut keeps the idle addresses in the order of their last Put and evicts
// from one end.
type byPut struct {
	idle *list
	pick func(*list) uint32
}

// NewLRU makes the rule that evicts what was put longest ago.
func NewLRU(t *Trace, _ func(uint32) bool) Rule {
	return &byPut{newList(t.Addresses), (*list).oldest}
}

// NewNewest makes the rule that pops the newest from a stack of idle ones.
func NewNewest(t *Trace, _ func(uint32) bool) Rule {
	return &byPut{newList(t.Addresses), (*list).newest}
}

func (r *byPut) Hit(a uint32)  { r.idle.remove(a) }
func (r *byPut) Put(a uint32)  { r.idle.pushNewest(a) }
func (r *byPut) Insert(uint32) {}

func (r *byPut) Victim(uint32) uint32 {
	victim := r.pick(r.idle)
	r.idle.remove(victim)
	return victim
}
