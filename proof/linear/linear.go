// Package linear compares recorded histories of a pool with the contract written
// as a sequential model: what happened must be what could have happened one at a
// time, each operation at some moment between its call and its return.
//
// A verb that calls out takes several steps. A Get that allocates takes a slot
// before Allocate is called, and has the resource, or fails, after it has returned. A
// release, whoever begins it, empties the resource before Release is called and frees
// the slot after it. Which resource is evicted is not the model's business.
//
// The members of a group are resources too. An Allocate of theirs is no Get's: what it
// allocates is idle first, and then somebody's. A Get of the group is a Reuse of the
// member that it returns.
package linear

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// Most is the number of resources that a history may have.
const Most = 12

type phase uint8

const (
	empty phase = iota
	opening
	idle
	inUse
	releasing
)

// Kind is what an operation does.
type Kind uint8

const (
	Open     Kind = iota // a Get takes a slot for an empty resource
	Opened               // its Allocate has succeeded
	Failed               // or not
	Reuse                // a Get of an idle resource, or of one handed over
	Put                  // in use to idle; also before a release by the user
	Begin                // of a release of an idle resource
	End                  // of it: the slot is free
	Refused              // a Get that was cancelled
	Ready                // the Allocate of a member has succeeded, and it is idle
	Renew                // in use to its Allocate, in the same slot
	NoneIdle             // a TryGet of the group finds none; resource is any
)

var names = [...]string{"open", "opened", "failed", "reuse", "put", "begin", "end", "refused", "ready", "renew", "none idle"}

type input struct {
	kind     Kind
	resource int
	// Of Refused: other Gets of the resource went on at the same time; and so many others
	// were cancelled then, or Puts went on, each of which may have had a slot for a moment. Of NoneIdle: so
	// many Gets of the group were, each of which may have had a member for a moment.
	contended bool
	slack     int
}

type state struct {
	of [Most]phase
}

func (s state) used(withIdle bool) (n int) {
	for _, p := range s.of {
		if p != empty && (withIdle || p != idle) {
			n++
		}
	}
	return n
}

// limits are those of a pool, and of a group in it whose members are the resources from
// first on.
type limits struct{ slots, first, most int }

// live is how many members have a slot.
func (l limits) live(s state) (n int) {
	for _, p := range s.of[l.first:] {
		if p != empty {
			n++
		}
	}
	return n
}

// step is the contract.
func step(l limits, s state, in input) (bool, state) {
	at := &s.of[in.resource]
	move := func(from, to phase) (bool, state) {
		if *at != from {
			return false, s
		}
		*at = to
		return true, s
	}
	switch in.kind {
	case Open:
		if s.used(true) >= l.slots || in.resource >= l.first && l.most > 0 && l.live(s) >= l.most {
			return false, s
		}
		return move(empty, opening)
	case Opened:
		return move(opening, inUse)
	case Failed:
		return move(opening, empty)
	case Reuse:
		return move(idle, inUse)
	case Put:
		return move(inUse, idle)
	case Begin:
		return move(idle, releasing)
	case End:
		return move(releasing, empty)
	case Ready:
		return move(opening, idle)
	case Renew:
		return move(inUse, opening)
	case NoneIdle:
		return in.slack > 0 || !slices.Contains(s.of[l.first:], idle), s
	}
	available := l.slots - s.used(false)
	switch *at {
	case empty:
		return in.contended || available <= in.slack, s
	case idle:
		return in.contended || in.slack > 0, s
	}
	return true, s
}

func model(l limits) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(s, in, _ any) (bool, any) {
			ok, next := step(l, s.(state), in.(input))
			return ok, next
		},
		DescribeOperation: func(in, _ any) string {
			i := in.(input)
			return fmt.Sprintf("%s %d", names[i.kind], i.resource)
		},
	}
}

// History is what happened to a pool. Its methods may be called concurrently.
type History struct {
	limits
	clock atomic.Int64

	lock sync.Mutex
	ops  []porcupine.Operation
	gets []get
}

type get struct {
	resource  int // ofGroup: any member
	call, ret int64
	refused   bool
	late      bool // refused by a canceler that was not ready from the start
	op        int  // of a refused one
}

const ofGroup = -1

// New returns the empty history of a pool with so many slots.
func New(slots int) *History { return &History{limits: limits{slots: slots, first: Most}} }

// NewGroup is New with a group of at most so many members, 0 for no limit: the resources
// from first on.
func NewGroup(slots, first, most int) *History { return &History{limits: limits{slots, first, most}} }

// Now is a moment, later than all before.
func (h *History) Now() int64 { return h.clock.Add(1) }

// Add records an operation that took place between call and ret.
func (h *History) Add(k Kind, resource int, call, ret int64) {
	h.lock.Lock()
	h.add(k, resource, call, ret)
	h.lock.Unlock()
}

func (h *History) add(k Kind, resource int, call, ret int64) {
	h.ops = append(h.ops, porcupine.Operation{ClientId: len(h.ops), Input: input{kind: k, resource: resource}, Call: call, Return: ret})
}

// AddGet records that a Get was called and has returned, and whether it was refused.
// late says that it may have been refused while a Release ran that it had begun itself.
// A Get whose canceler is ready from the start must wait for that Release.
func (h *History) AddGet(resource int, call, ret int64, refused, late bool) {
	h.lock.Lock()
	h.gets = append(h.gets, get{resource, call, ret, refused, late, len(h.ops)})
	if refused {
		h.add(Refused, resource, call, ret)
	}
	h.lock.Unlock()
}

// AddCancelled records a Get of the group that was cancelled.
func (h *History) AddCancelled(call, ret int64) {
	h.lock.Lock()
	h.gets = append(h.gets, get{resource: ofGroup, call: call, ret: ret, op: -1})
	h.lock.Unlock()
}

// longestCheck is for a history that porcupine is not done with in any reasonable time. It is
// milliseconds as a rule, and nothing is shown by how long.
const longestCheck = 2 * time.Minute

// Check returns an error if the history is not one of the model's, or if that
// could not be found out within a while.
func (h *History) Check() error {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.slackOfNoneIdle()
	for _, g := range h.gets {
		if !g.refused {
			continue
		}
		in := h.ops[g.op].Input.(input)
		if g.late {
			in.slack++
		}
		for _, other := range h.gets {
			if other.op == g.op || other.call > g.ret || other.ret < g.call {
				continue
			}
			in.contended = in.contended || other.resource == g.resource
			if other.refused {
				in.slack++
			}
		}
		in.slack += h.putsDuring(g)
		h.ops[g.op].Input = in
	}
	switch porcupine.CheckOperationsTimeout(model(h.limits), h.ops, longestCheck) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("not found out in time whether %d operations are linearizable", len(h.ops))
	}
	return fmt.Errorf("not linearizable with %d slots:\n%s", h.slots, h.text())
}

// putsDuring counts the Puts that were under way during a Get. Their users have a slot in hand until these
// return, though others may have gotten the resource since, and put it: it is on no list
// until the first of its Puts has pushed it.
func (h *History) putsDuring(g get) (n int) {
	for _, o := range h.ops {
		if o.Input.(input).kind == Put && o.Call < g.ret && o.Return > g.call {
			n++
		}
	}
	return n
}

func (h *History) slackOfNoneIdle() {
	for n, o := range h.ops {
		in := o.Input.(input)
		if in.kind != NoneIdle {
			continue
		}
		for _, g := range h.gets {
			if g.resource == ofGroup && g.call < o.Return && g.ret > o.Call {
				in.slack++
			}
		}
		h.ops[n].Input = in
	}
}

func (h *History) text() (s string) {
	for _, o := range h.ops {
		in := o.Input.(input)
		s += fmt.Sprintf("  %3d to %3d  %-8s %c", o.Call, o.Return, names[in.kind], 'a'+in.resource)
		if in.kind == Refused {
			s += fmt.Sprintf("  contended %v, slack %d", in.contended, in.slack)
		}
		s += "\n"
	}
	return s
}
