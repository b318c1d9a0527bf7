package evict

// Rule is an expert, for a person to look at.
type Rule struct {
	Name, Victim string
	Evictions    uint64  // old ones fade
	Regret       float64 // of one eviction; 1 if what cost as usual was wanted back at once
}

var rules = [experts]Rule{
	duel: {Name: "duel",
		Victim: "the newest arrival or the oldest one not used since, whichever was used less: for loops and scans"},
	filter: {Name: "filter",
		Victim: "arrivals, of which a tenth wait to be used again; else the first in order that was not used again: for few that are popular"},
	filterRecent: {Name: "filter recent",
		Victim: "arrivals, of which a quarter wait to be used again; else what was gotten longest ago: for a popular few that change"},
	leastRecent: {Name: "least recent",
		Victim: "what was gotten longest ago: for what is used for a while and then no more"},
}

// mostRegret is that for what is wanted back at once.
const mostRegret = 64 * 64 * 64 * 64

// Rules returns the experts and which of them is followed.
func (p *Lists) Rules() (all []Rule, followed int) {
	b := &p.board
	b.lock.Lock()
	defer b.lock.Unlock()
	for e := duel; e < experts; e++ {
		r, s := rules[e], b.scores[e]
		r.Evictions = uint64(s.evictions + s.open)
		r.Regret = s.rate(b.usual) / mostRegret
		all = append(all, r)
	}
	return all, int(b.best.Load()) - int(duel)
}
