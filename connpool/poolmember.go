package connpool

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
	"github.com/slotpool/slotpool/resourcepool"
)

// member is one connection of a host, or the room for one: the target of a
// resource of the host's group.
type member struct {
	host    *host
	slot    *resourcepool.Resource
	special bool          // a Put has more to do than to park
	open    *connection   // belongs to whoever has slot; nil if there is none
	why     atomic.Uint32 // the CloseReason; 0 while nobody has said one
	held    atomic.Pointer[holding]
	dialgate.Clock

	// Guarded by host.mu.
	index      int    // in host.open
	generation uint32 // of slot, for the connection that is there
	age        age
}

// Bind tells the member which resource it is the target of.
func (m *member) Bind(r *resourcepool.Resource) { m.slot = r }

// Allocate is AllocateContext without a context.
func (m *member) Allocate() error { return m.AllocateContext(context.Background()) }

// AllocateContext dials, with a slot in hand. It runs on a goroutine of the
// group; ctx has the values of the Get that led to it and does not end with it.
func (m *member) AllocateContext(ctx context.Context) error {
	h := m.host
	d := &dialing{}
	ctx, end, err := h.beginDial(ctx, d)
	if err != nil {
		return err
	}
	defer end()
	began := time.Now()
	inner, err := h.pool.dialConn(ctx, h.network, h.address, &m.Clock, &d.starved)
	h.dialled(ctx, began, err)
	if err != nil {
		if context.Cause(ctx) == ErrClosed {
			return ErrClosed
		}
		if at := m.AllocateBegan(); ctx.Err() != nil && !at.IsZero() && time.Since(at) >= unanswered {
			h.noteUnanswered()
		}
		return err
	}
	m.why.Store(0)
	m.open = newConnection(m.slot, inner, m)
	h.register(m)
	if h.pool.closing.Load() && !h.wanted() {
		m.blame(ClosedShutdown)
		_ = m.Release()
		return ErrClosed
	}
	return nil
}

// Release closes the connection. It runs on the goroutine that gives the slot
// up, which may be that of a Get of quite another address: see closer.Release.
func (m *member) Release() error {
	h, k := m.host, m.open
	m.open = nil
	watcher.Forget(k.watch)
	m.unhold()
	h.deregister(m)
	reason := CloseReason(m.why.Load())
	if reason == 0 {
		reason = ClosedEvicted // by the Get for which this is called
	}
	defer func() {
		h.pool.counts.closed(reason, k.turn)
		h.pool.journal.closed(place{h.network, h.address}, reason)
		defer h.pool.passed() // also if the hook ends its goroutine
		defer h.unrefer()
		h.pool.settings.closed(h.network, h.address, reason)
	}()
	if k.byUser {
		return k.inner.Close()
	}
	return k.closer.Close(k.probe)
}

// ReleaseNeverBlocks is for the resourcepool, as that of closer is.
func (m *member) ReleaseNeverBlocks() bool {
	k := m.open
	return k == nil || k.closer.NeverBlocks() && !k.byUser
}

// PanicUnheard is for the resourcepool, which calls it if a panic of Allocate or
// Release has no Get any more to be raised in. A close that makes room for a dial is
// part of that. The Logger gets the value itself, by which its owner may know it.
func (m *member) PanicUnheard(callback string, value any, stack []byte) {
	what := "close"
	if callback == "Allocate" {
		what = "dial"
	}
	m.host.pool.settings.complain("connpool: panic after its Get had given up", "in", what,
		"network", m.host.network, "address", m.host.address, "panic", value, "stack", string(stack))
}

// Allocating is for the resourcepool: what a Get whose dial goes on without it was waiting for.
func (m *member) Allocating() string { return "dialling" }

// register makes an open connection known to all that look for open ones.
func (h *host) register(m *member) {
	h.refer() // cannot fail: the dial has a reference
	h.pool.live.Add(1)
	h.mu.Lock()
	m.generation = m.open.generation
	m.age = h.pool.ages.begin()
	h.open = append(h.open, m)
	m.index = len(h.open) - 1
	h.mu.Unlock()
	h.pool.ages.arm(h.pool.ages.tick)
}

func (h *host) deregister(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := len(h.open) - 1
	h.open[m.index] = h.open[last]
	h.open[m.index].index = m.index
	h.open[last] = nil
	h.open = h.open[:last]
}

// glance adds what the host has. There may be thousands of connections. So the lock, for which
// who dials has to wait, is held to copy them, and neither to look at each nor to make room.
func (h *host) glance(to *glance) {
	for {
		h.mu.Lock()
		n := len(h.open)
		fits := n <= cap(to.open)-len(to.open)
		if fits {
			to.open = append(to.open, h.open...)
			to.dialing += uint(len(h.dials))
			to.waiting += uint(max(0, len(h.gets)-len(h.dials)))
		}
		h.mu.Unlock()
		if fits {
			return
		}
		to.open = slices.Grow(to.open, n+n/8)
	}
}

// blame says why the connection will be closed, unless somebody has said
// something else.
func (m *member) blame(why CloseReason) bool { return m.why.CompareAndSwap(0, uint32(why)) }

// discard closes a connection that is the caller's.
func (k *connection) discard(why CloseReason) {
	k.pooled.why.Store(uint32(why))
	_, _ = k.slot.ReleaseGeneration(k.generation)
}

// closeIdle closes the connection if it is idle and of this generation. A
// panic of its Close is nothing that the caller has to do with.
func (m *member) closeIdle(generation uint32, why CloseReason) {
	defer m.host.pool.settings.rescue("Close of a connection")
	blamed := m.blame(why)
	if !m.slot.ReleaseIdleGeneration(generation) && blamed {
		m.why.CompareAndSwap(uint32(why), 0) // it lives on
	}
}

// schedule closes the connection now if it is idle, else at its Put, also if its
// Allocate is about to return.
func (m *member) schedule(generation uint32, why CloseReason) {
	defer m.host.pool.settings.rescue("Close of a connection")
	m.blame(why)
	m.slot.ScheduleGeneration(generation)
}

// dialing is a dial that is running.
type dialing struct {
	cancel  context.CancelCauseFunc
	starved starvation
}

// errUnwanted ends a dial that nobody waits for any more.
var errUnwanted = errors.New("connpool: nobody waits for this dial")

// beginDial refers to the host and makes the dial known. It fails if the host
// was removed, and then nobody waits for the dial, or if the pool is closing.
func (h *host) beginDial(ctx context.Context, d *dialing) (context.Context, func(), error) {
	// Dial against Shutdown: the dial is counted before it refers to the host, and who waits
	// for it gives that up before the count. So either the host is gone, or Shutdown waits.
	p := h.pool
	p.live.Add(1)
	if !h.refer() {
		p.passed()
		return nil, nil, errUnwanted
	}
	ctx, cancel := context.WithCancelCause(ctx)
	d.cancel = cancel
	h.mu.Lock()
	h.dials.add(d)
	h.mu.Unlock()
	// Dial against Shutdown: that says closing first and then cancels the
	// dials that it finds, and this comes the other way round.
	if p.killed.Load() || p.closing.Load() && !h.wanted() {
		cancel(ErrClosed)
	}
	return ctx, func() {
		h.mu.Lock()
		h.dials.remove(d)
		h.mu.Unlock()
		cancel(nil)
		h.unrefer()
		p.passed()
	}, nil
}

// wanted says whether a Get waits here.
func (h *host) wanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.gets) > 0
}

// dialled remembers how a dial ended.
func (h *host) dialled(ctx context.Context, began time.Time, err error) {
	if err != nil && ctx.Err() != nil {
		return // cancelled by us, which says nothing about the address
	}
	h.noteDial(began, err)
}
