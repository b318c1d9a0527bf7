// Package work holds the benchmark bodies. They know a pool only as a
// Contender, so that the same bodies run for slotpool and its rivals here and
// for the reference in bench/reference.
package work

// A Contender is a kind of pool that takes part in the benchmarks.
type Contender interface {
	Name() string
	// New makes a pool, or returns nil if it cannot do what s asks for.
	New(s Shape) Pool
}

// Shape is what a benchmark asks of a pool.
type Shape struct {
	Slots     int
	Resources int

	// Exact says that a user of resource i needs that very one. Without it, a
	// pool of interchangeable things may serve any, which is less work than
	// slotpool does.
	Exact bool

	// Waits says that users stand in a queue for one another.
	Waits bool
}

// Pool is one pool under test. What it holds costs nothing to allocate and to
// release, so that the figures are those of the pool. One that needs it has a
// Close method.
type Pool interface {
	// Walk returns a function that gets and puts n resources, one at a time,
	// in the given order, which starts again at its end. The loop is the
	// contender's own, so that no call of an interface is measured.
	Walk(order []int) func(n int)

	// User returns what one goroutine uses resource i with.
	User(i int) User
}

// User is a resource in the hands of one goroutine. Get waits as long as it
// takes; Put follows each Get.
type User interface {
	Get()
	Put()
}

// named makes a contender of any kind of a function.
type named[S, P any] struct {
	name string
	make func(S) P
}

func (c named[S, P]) Name() string { return c.name }
func (c named[S, P]) New(s S) P    { return c.make(s) }

// Named makes a Contender of a function.
func Named(name string, make func(Shape) Pool) Contender { return named[Shape, Pool]{name, make} }

// Check ends the run on an error that no benchmark expects.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}

// Arrange returns all in the given order, so that a walk reads its list in
// sequence and each resource costs the one cache miss that is its own.
func Arrange[T any](all []T, order []int) []T {
	list := make([]T, len(order))
	for i, k := range order {
		list[i] = all[k]
	}
	return list
}
