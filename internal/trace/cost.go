package trace

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// CostModel says how long a dial of each address of a trace takes.
type CostModel struct {
	Name  string
	Costs func(t *Trace) []time.Duration
}

// CostModels are those of the cost table.
func CostModels() []CostModel {
	return []CostModel{
		{"three classes", threeClasses},
		{"lognormal", func(t *Trace) []time.Duration { return lognormal(t.Addresses) }},
		{"popular ones cheap", func(t *Trace) []time.Duration { return byPopularity(t, threeClasses(t), true) }},
		{"popular ones dear", func(t *Trace) []time.Duration { return byPopularity(t, threeClasses(t), false) }},
		{"lognormal, popular ones cheap", func(t *Trace) []time.Duration { return byPopularity(t, lognormal(t.Addresses), true) }},
		{"lognormal, popular ones dear", func(t *Trace) []time.Duration { return byPopularity(t, lognormal(t.Addresses), false) }},
		{"equal", func(t *Trace) []time.Duration {
			return slices.Repeat([]time.Duration{time.Millisecond}, t.Addresses)
		}},
	}
}

// threeClasses are the same machine, the same continent, another continent with
// a handshake.
func threeClasses(t *Trace) []time.Duration {
	rng := rand.New(rand.NewPCG(5, 6))
	costs := make([]time.Duration, t.Addresses)
	for a := range costs {
		switch draw := rng.IntN(10); {
		case draw < 6:
			costs[a] = 100 * time.Microsecond
		case draw < 9:
			costs[a] = 2 * time.Millisecond
		default:
			costs[a] = 150 * time.Millisecond
		}
	}
	return costs
}

func lognormal(n int) []time.Duration {
	const sigma = 1.5
	rng := rand.New(rand.NewPCG(7, 8))
	costs := make([]time.Duration, n)
	for a := range costs {
		costs[a] = time.Duration(float64(time.Millisecond) * math.Exp(sigma*rng.NormFloat64()))
	}
	return costs
}

// byPopularity gives the costs out in order of how often an address is
// gotten, the cheapest to the most popular or to the least.
func byPopularity(t *Trace, ascending []time.Duration, popularCheap bool) []time.Duration {
	gets := make([]int, t.Addresses)
	for _, s := range t.Steps {
		gets[s.Address]++
	}
	order := rand.New(rand.NewPCG(9, 10)).Perm(t.Addresses)
	slices.SortStableFunc(order, func(a, b int) int { return gets[b] - gets[a] })
	slices.Sort(ascending)
	if !popularCheap {
		slices.Reverse(ascending)
	}
	costs := make([]time.Duration, t.Addresses)
	for rank, a := range order {
		costs[a] = ascending[rank]
	}
	return costs
}

// Cost is what the dials of a run come to.
type Cost struct {
	Dials int
	Time  time.Duration
}

// PoolCost is PoolDials with a dial of each address that pretends to take as
// long as costs says. create is given the clock that shows it, to be put in
// place of the pool's.
func PoolCost(t *Trace, costs []time.Duration, open func(clock func() time.Duration) Create) (Cost, error) {
	var now time.Duration
	create := open(func() time.Duration { return now })
	var next int
	dials, err := PoolDials(t, func(target Target, key string) Resource {
		cost := costs[next]
		next++
		return create(timedTarget{target, func() { now += cost }}, key)
	})
	return Cost{dials, now}, err
}

type timedTarget struct {
	Target
	dial func()
}

func (t timedTarget) Allocate() error {
	t.dial()
	return t.Target.Allocate()
}

// Opener makes a pool under test with so many slots and, unless it is nil, a
// clock to time dials by.
type Opener func(slots int, clock func() time.Duration) Create

// Rival is a way to run a trace that knows nothing of costs. It calls dial for each
// dial.
type Rival struct {
	Name string
	Run  func(t *Trace, dial func(address uint32)) error
}

// Rivals returns those that follow rules.
func Rivals(rules []NamedRule) (all []Rival) {
	for _, r := range rules {
		all = append(all, Rival{r.Name, func(t *Trace, dial func(uint32)) error {
			run(t, r.New, dial)
			return nil
		}})
	}
	return all
}

// Column counts the dials of r.
func (r Rival) Column() Column {
	return Column{r.Name, func(t *Trace) (dials int, err error) {
		err = r.Run(t, func(uint32) { dials++ })
		return dials, err
	}}
}

// CostSummary compares a pool that times dials with one that does not.
type CostSummary struct {
	Time, Dials             float64 // geometric means of timed / not
	Worst                   float64 // of the times
	WorstOn                 string
	GreedyTime, GreedyDials float64   // geometric means of GreedyDual / not
	Rivals                  []float64 // of the times of each rival / not
}

// CompareCosts runs all traces with the costs of each model. A pool that does not
// time dials dials the same whatever they cost, and so does a rival: these run
// once a trace.
func CompareCosts(traces []*Trace, models []CostModel, open Opener, rivals []Rival) ([]CostSummary, error) {
	found := make([][]ratios, len(traces)) // of each model
	err := (&Table{}).fill(len(traces), func(i int) (name string, err error) {
		found[i], err = compareCosts(traces[i], models, open, rivals)
		return traces[i].Name, err
	})
	if err != nil {
		return nil, err
	}
	var all []CostSummary
	for m := range models {
		s := CostSummary{Rivals: make([]float64, len(rivals))}
		for i, t := range traces {
			s.add(found[i][m], t.Name)
		}
		s.root(float64(len(traces)))
		all = append(all, s)
	}
	return all, nil
}

// add adds the logarithms of ratios, and root makes geometric means of the sums.
func (s *CostSummary) add(r ratios, name string) {
	s.Time += math.Log(r.timed.time)
	s.Dials += math.Log(r.timed.dials)
	s.GreedyTime += math.Log(r.greedy.time)
	s.GreedyDials += math.Log(r.greedy.dials)
	for i, x := range r.rivals {
		s.Rivals[i] += math.Log(x)
	}
	if r.timed.time > s.Worst {
		s.Worst, s.WorstOn = r.timed.time, name
	}
}

func (s *CostSummary) root(n float64) {
	sums := []*float64{&s.Time, &s.Dials, &s.GreedyTime, &s.GreedyDials}
	for i := range s.Rivals {
		sums = append(sums, &s.Rivals[i])
	}
	for _, sum := range sums {
		*sum = math.Exp(*sum / n)
	}
}

// ratios are those of one trace and model to a pool that does not time dials.
type ratios struct {
	timed, greedy ratio
	rivals        []float64
}

type ratio struct{ time, dials float64 }

func (c Cost) over(base Cost) ratio {
	return ratio{c.Time.Seconds() / base.Time.Seconds(), float64(c.Dials) / float64(base.Dials)}
}

func compareCosts(t *Trace, models []CostModel, open Opener, rivals []Rival) (all []ratios, err error) {
	create := open(t.Slots, nil)
	counts := make([]int, t.Addresses) // dials of each address
	next := 0
	dials, err := PoolDials(t, func(target Target, key string) Resource {
		a := next
		next++
		return create(timedTarget{target, func() { counts[a]++ }}, key)
	})
	if err != nil {
		return nil, err
	}
	ofRivals := make([][]int, len(rivals))
	for i, r := range rivals {
		ofRivals[i] = make([]int, t.Addresses)
		if err := r.Run(t, func(a uint32) { ofRivals[i][a]++ }); err != nil {
			return nil, err
		}
	}
	for _, model := range models {
		costs := model.Costs(t)
		without := Cost{dials, timeOf(counts, costs)}
		with, err := PoolCost(t, costs, func(clock func() time.Duration) Create { return open(t.Slots, clock) })
		if err != nil {
			return nil, err
		}
		r := ratios{timed: with.over(without), greedy: RuleCost(t, costs, NewGreedyDual(costs)).over(without)}
		for _, counts := range ofRivals {
			r.rivals = append(r.rivals, timeOf(counts, costs).Seconds()/without.Time.Seconds())
		}
		all = append(all, r)
	}
	return all, nil
}

// timeOf is what so many dials of each address cost.
func timeOf(counts []int, costs []time.Duration) (sum time.Duration) {
	for a, n := range counts {
		sum += time.Duration(n) * costs[a]
	}
	return sum
}
