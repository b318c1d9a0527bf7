package resourcepool

import "slices"

// model is the pool as one would write it with a mutex and no cleverness. It
// does not choose victims: it is told whom the pool released, and checks that
// this one was idle and had to go.
type model struct {
	slots     int
	resources []*modelResource
	queue     []*modelGet // all that wait, in order of arrival
}

type modelResource struct {
	state     string // "", "seeking", "idle", "in use"
	scheduled bool
	failing   bool // its next Allocate fails
}

type modelGet struct {
	r    *modelResource
	slot bool // waits for a slot; else for its resource
	err  error
	done bool
}

func (m *model) used() (n int) {
	for _, r := range m.resources {
		if r.state == "idle" || r.state == "in use" {
			n++
		}
	}
	return n
}

func (m *model) get(r *modelResource) *modelGet {
	g := &modelGet{r: r}
	switch r.state {
	case "idle":
		r.state, g.done = "in use", true
	case "":
		r.state, g.slot = "seeking", true
		m.queue = append(m.queue, g)
	default:
		m.queue = append(m.queue, g)
	}
	return g
}

// settle serves slot waiters in order until there is none or no slot. evict is
// asked for a victim when only idle resources are left.
func (m *model) settle(evict func() (*modelResource, error)) error {
	for {
		i := slices.IndexFunc(m.queue, func(g *modelGet) bool { return g.slot })
		if i < 0 {
			return nil
		}
		if m.used() == m.slots {
			if !slices.ContainsFunc(m.resources, func(r *modelResource) bool { return r.state == "idle" }) {
				return nil
			}
			victim, err := evict()
			if err != nil {
				return err
			}
			m.empty(victim)
		}
		g := m.queue[i]
		m.queue = slices.Delete(m.queue, i, i+1)
		g.done = true
		if g.r.failing {
			g.err = errFake
			m.empty(g.r)
		} else {
			g.r.state = "in use"
		}
	}
}

// empty takes what r holds away; the first who waits for r waits for a slot.
func (m *model) empty(r *modelResource) {
	r.state, r.scheduled = "", false
	if g := m.firstFor(r); g != nil {
		g.slot, r.state = true, "seeking"
	}
}

func (m *model) firstFor(r *modelResource) *modelGet {
	for _, g := range m.queue {
		if g.r == r && !g.slot {
			return g
		}
	}
	return nil
}

// put returns the resource that Put itself gives up, if any: the victim of an
// older slot waiter.
func (m *model) put(r *modelResource) {
	if r.scheduled {
		m.empty(r)
		return
	}
	r.state = "idle" // an older slot waiter evicts it when the model settles
	if len(m.queue) == 0 {
		return
	}
	for _, g := range m.queue { // the oldest that r can serve
		if g.slot {
			return
		}
		if g.r == r {
			m.queue = slices.DeleteFunc(m.queue, func(x *modelGet) bool { return x == g })
			r.state, g.done = "in use", true
			return
		}
	}
}

func (m *model) cancel(g *modelGet) {
	m.queue = slices.DeleteFunc(m.queue, func(x *modelGet) bool { return x == g })
	g.done, g.err = true, ErrorPutTimeout
	if g.slot {
		g.err = ErrorResourceLimitExceeded
		m.empty(g.r)
	}
}
