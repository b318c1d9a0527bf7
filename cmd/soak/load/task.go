//go:build linux

package load

import (
	"math/rand/v2"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/wire"
)

// Selection is how users choose addresses.
type Selection string

const (
	SelectZipf       Selection = "zipf"
	selectRoundRobin Selection = "round robin"
	selectMixed      Selection = "mixed"
)

// Selections are all ways to choose.
var Selections = []Selection{SelectZipf, selectRoundRobin, selectMixed}

// How a user asks for the connection.
type getMode string

const (
	getWaits     getMode = "nil"       // no canceler: waits for ever
	getImmediate getMode = "immediate" // fails rather than wait
	getContext   getMode = "context"   // a context with a timeout
	getSend      getMode = "send"      // a non-blocking send after a while
	getClosed    getMode = "closed"    // a channel that is closed already
)

// What a user does with the connection in the end.
type finish string

const (
	finishPut           finish = "put"
	finishClose         finish = "close"
	finishCloseUnread   finish = "close with the answer unread"
	finishScheduleClose finish = "schedule close, put"
	finishPutTwice      finish = "put twice"
	finishPutClosed     finish = "close, put"
	finishDie           finish = "die"
)

// task is one turn of a user: all that is decided by chance is decided here.
type task struct {
	Zipf, Even  float64 // dice for the choice of address
	Get         getMode
	CancelAfter time.Duration
	OwnDialer   bool // GetWithDialer rather than Get
	Hold        time.Duration
	Requests    int
	Size        int // of each request
	Finish      finish
	DialDice    float64 // below a dial fault's share: it strikes this dial
	CancelDice  float64 // below the cancel fault's share: it strikes this Get
	Pace        float64
	SiteDice    float64 // for sites that are there while a fault is on
}

// TaskSource makes the tasks of one user, the same for the same seed.
type TaskSource struct{ rnd *rand.Rand }

// NewTaskSource returns the tasks of one user.
func NewTaskSource(seed uint64, user int) TaskSource {
	return TaskSource{rand.New(rand.NewPCG(seed, uint64(user)+1))}
}

// Next draws in a fixed order, so that a task depends only on the seed, the
// user and how many came before it.
func (s TaskSource) Next() task {
	r := s.rnd
	t := task{
		Zipf: r.Float64(), Even: r.Float64(),
		CancelAfter: time.Duration(r.Int64N(int64(40 * time.Millisecond))),
		OwnDialer:   r.IntN(2) == 0,
		Hold:        time.Duration(r.ExpFloat64() * float64(8*time.Millisecond)),
		Requests:    1 + r.IntN(3),
		Size:        wire.FrameHeader + r.IntN(1000),
		DialDice:    r.Float64(), CancelDice: r.Float64(), Pace: r.Float64(), SiteDice: r.Float64(),
	}
	t.Hold = min(t.Hold, 80*time.Millisecond)
	if r.IntN(50) == 0 {
		t.Size = wire.FrameHeader + r.IntN(wire.MaxFrame-wire.FrameHeader)
	}
	t.Get = weighted(r, getModes)
	t.Finish = weighted(r, finishes)
	return t
}

type weight[T any] struct {
	of     T
	weight int
}

var getModes = []weight[getMode]{
	{getWaits, 60}, {getContext, 15}, {getSend, 12}, {getImmediate, 10}, {getClosed, 3},
}

var finishes = []weight[finish]{
	{finishPut, 78}, {finishClose, 6}, {finishCloseUnread, 2}, {finishScheduleClose, 5},
	{finishPutTwice, 3}, {finishPutClosed, 2}, {finishDie, 4},
}

func weighted[T any](rnd *rand.Rand, choices []weight[T]) T {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	n := rnd.IntN(total)
	for _, c := range choices[:len(choices)-1] {
		if n < c.weight {
			return c.of
		}
		n -= c.weight
	}
	return choices[len(choices)-1].of
}
