package connpool

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// poolModel is what a Pool must do, told by one goroutine: who has which
// connection, and which are idle, in which order.
type poolModel struct {
	t     *testing.T
	rng   *rand.Rand
	p     *Pool
	n     *fakeNet
	idle  [modelAddresses][]int // ids, newest last
	inUse [modelAddresses][]*Conn
	dials int
	fail  bool // the next dial

	closed []closing // since the last step, as the trace tells
}

type closing struct {
	address string
	why     CloseReason
}

const (
	modelSlots     = 6
	modelAddresses = 4
	modelMost      = 3
)

func TestPoolDoesWhatItsModelSays(t *testing.T) {
	over := time.Now().Add(testkit.StressTime(t))
	seed := uint64(0)
	for ; time.Now().Before(over); seed++ {
		synctest.Test(t, func(t *testing.T) { runModel(t, seed) })
	}
	t.Logf("%d runs", seed)
}

func runModel(t *testing.T, seed uint64) {
	m := &poolModel{t: t, rng: rand.New(rand.NewPCG(seed, 0))}
	m.p, m.n = fakePool(t, modelSlots, func(p *Pool) {
		p.MaxPerAddress = modelMost
		p.Trace = &Trace{Closed: func(_, address string, why CloseReason) {
			m.closed = append(m.closed, closing{address, why})
		}}
	})
	m.n.on = func(context.Context, string) error {
		if m.fail {
			return errFake
		}
		return nil
	}
	for range 200 {
		m.step()
		synctest.Wait()
		m.compare(seed)
	}
	for a := range m.inUse {
		for _, c := range m.inUse[a] {
			c.Put()
		}
	}
}

func (m *poolModel) step() {
	a := m.rng.IntN(modelAddresses)
	m.closed = nil
	switch m.rng.IntN(12) {
	case 0, 1, 2, 3:
		m.get(a)
	case 4, 5, 6:
		m.put(a)
	case 7:
		m.close(a)
	case 8:
		c, ok := m.p.TryGet("tcp", addressOf(a))
		if want := len(m.idle[a]) > 0; ok != want {
			m.t.Fatalf("TryGet: %v, want %v", ok, want)
		}
		if ok {
			m.reused(a, c)
		}
	case 9:
		m.do(a)
	case 10:
		m.p.CloseIdleConnections()
		for a := range m.idle {
			m.idle[a] = nil
		}
	case 11:
		m.waitFor(a)
	}
}

// The three things that a Get can come to.
func (m *poolModel) open(a int) int { return len(m.idle[a]) + len(m.inUse[a]) }

func (m *poolModel) slotFree() bool { return m.used() < modelSlots }

func (m *poolModel) used() (n int) {
	for a := range m.idle {
		n += m.open(a)
	}
	return n
}

func (m *poolModel) allIdle() (n int) {
	for a := range m.idle {
		n += len(m.idle[a])
	}
	return n
}

func (m *poolModel) mustWait(a int) bool {
	return len(m.idle[a]) == 0 && (m.open(a) == modelMost || !m.slotFree() && m.allIdle() == 0)
}

func (m *poolModel) get(a int) {
	m.fail = m.rng.IntN(5) == 0
	waits, had, evicts := m.mustWait(a), len(m.idle[a]) > 0, !m.slotFree()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := m.p.Get(ctx, "tcp", addressOf(a))
	switch {
	case waits:
		wantIs(m.t, "a Get that must wait", err, context.DeadlineExceeded)
	case had:
		testkit.WantErr(m.t, "a Get with an idle connection", err, nil)
		m.reused(a, c)
	default:
		m.dials++
		if evicts {
			m.evicted()
		}
		if m.fail {
			wantIs(m.t, "a Get whose dial fails", err, errFake)
			return
		}
		testkit.WantErr(m.t, "a Get that dials", err, nil)
		m.fresh(a, c)
	}
}

func (m *poolModel) reused(a int, c *Conn) {
	last := len(m.idle[a]) - 1
	if idOf(c) != m.idle[a][last] || !c.Reused() {
		m.t.Fatalf("got %d, reused %v; want %d, reused", idOf(c), c.Reused(), m.idle[a][last])
	}
	m.idle[a] = m.idle[a][:last]
	m.inUse[a] = append(m.inUse[a], c)
}

func (m *poolModel) fresh(a int, c *Conn) {
	if idOf(c) != m.dials || c.Reused() {
		m.t.Fatalf("got %d, reused %v; want %d, fresh", idOf(c), c.Reused(), m.dials)
	}
	m.inUse[a] = append(m.inUse[a], c)
}

// evicted learns from the net which idle connection made room: exactly one.
func (m *poolModel) evicted() {
	if len(m.closed) != 1 || m.closed[0].why != ClosedEvicted {
		m.t.Fatalf("closed %v, want one that was evicted", m.closed)
	}
	for a := range m.idle {
		for i, id := range m.idle[a] {
			if !m.isOpen(id) {
				m.idle[a] = slices.Delete(m.idle[a], i, i+1)
				return
			}
		}
	}
	m.t.Fatal("what was evicted was not idle")
}

func (m *poolModel) isOpen(id int) bool {
	for c := range m.n.open {
		if c.id == id {
			return true
		}
	}
	return false
}

func (m *poolModel) take(a int) *Conn {
	if len(m.inUse[a]) == 0 {
		return nil
	}
	i := m.rng.IntN(len(m.inUse[a]))
	c := m.inUse[a][i]
	m.inUse[a] = slices.Delete(m.inUse[a], i, i+1)
	return c
}

func (m *poolModel) put(a int) {
	if c := m.take(a); c != nil {
		m.idle[a] = append(m.idle[a], idOf(c))
		c.Put()
	}
}

func (m *poolModel) close(a int) {
	if c := m.take(a); c != nil {
		testkit.WantErr(m.t, "Close", c.Close(), nil)
	} else {
		m.p.CloseIdle("tcp", addressOf(a))
		m.idle[a] = nil
	}
}

// do ends with a connection that is put or closed.
func (m *poolModel) do(a int) {
	m.fail = false
	if len(m.idle[a]) == 0 {
		return
	}
	id, result := m.idle[a][len(m.idle[a])-1], error(nil)
	if m.rng.IntN(2) == 0 {
		result = errFake
		m.idle[a] = m.idle[a][:len(m.idle[a])-1]
	}
	testkit.WantErr(m.t, "Do", m.p.Do(context.Background(), "tcp", addressOf(a), func(c *Conn) error {
		if idOf(c) != id {
			m.t.Errorf("Do with %d, want %d", idOf(c), id)
		}
		return result
	}), result)
}

// waitFor has a Get wait and another connection be put: one to its own address
// serves it, the slot of another serves it unless its address is full.
func (m *poolModel) waitFor(a int) {
	other := m.rng.IntN(modelAddresses)
	if !m.mustWait(a) || len(m.inUse[other]) == 0 {
		return
	}
	m.fail = false
	full := m.open(a) == modelMost
	ctx, cancel := context.WithCancel(context.Background())
	var c *Conn
	var err error
	done := make(chan bool)
	go func() {
		c, err = m.p.Get(ctx, "tcp", addressOf(a))
		close(done)
	}()
	synctest.Wait()
	put := m.take(other)
	id := idOf(put)
	m.idle[other] = append(m.idle[other], id)
	put.Put()
	synctest.Wait()
	cancel()
	<-done
	switch {
	case other == a:
		testkit.WantErr(m.t, "a Get for which one is put", err, nil)
		m.reused(a, c)
	case full:
		if !errors.Is(err, context.Canceled) {
			m.t.Fatalf("a Get of a full address: %v", err)
		}
	default:
		testkit.WantErr(m.t, "a Get for which a slot comes", err, nil)
		m.dials++
		m.evicted()
		m.fresh(a, c)
	}
}

func (m *poolModel) compare(seed uint64) {
	m.t.Helper()
	inUse := 0
	for a := range m.inUse {
		inUse += len(m.inUse[a])
	}
	st := m.p.Stats()
	if dials, open := m.n.count(); int(st.InUse) != inUse || int(st.Idle) != m.allIdle() || dials != m.dials || open != m.used() {
		m.t.Fatalf("seed %d: %+v, %d dials, %d open; want in use %d, idle %d, %d dials, %d open",
			seed, st, dials, open, inUse, m.allIdle(), m.dials, m.used())
	}
	if s := m.p.Slots.Stats(); s.InUse != st.InUse || s.Idle != st.Idle {
		m.t.Fatalf("seed %d: the slots say %+v, the pool %+v", seed, s, st)
	}
}
