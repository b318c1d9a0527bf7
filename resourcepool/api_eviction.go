package resourcepool

// Eviction says which idle resources a pool evicts, and why those.
type Eviction struct {
	Follows string         // the name of the rule that the pool follows now
	Rules   []EvictionRule // all rules, in a fixed order
}

// EvictionRule is one rule and how it did of late. The pool follows the rule with the
// least Regret. Now and then it lets each of the others decide, to know how they
// would do.
type EvictionRule struct {
	Name   string
	Victim string // which resource it evicts, in words

	// Evictions is how many this rule decided of late. Old ones fade: each counts half as
	// much after about twice as many evictions as there are slots.
	Evictions uint64

	// Regret says how wrong these evictions were, on average. A victim counts 1 if it was
	// wanted back at once, less the later that was, and 0 if it never was. It counts more if
	// its Allocate takes longer than most. The Regret of a rule that tends to look better
	// than it is has a factor that makes up for that.
	Regret float64
}

// Eviction returns what the pool knows of its rules. It costs next to nothing. A
// sub-pool has rules of its own, for when it is full itself; those of its parent
// decide when the parent is full.
func (p *Pool) Eviction() Eviction { return p.p.eviction() }
