package connpool

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/slotpool/slotpool/resourcepool"
)

// warmers is how many dials of one Warm run at once.
const warmers = 16

// warm has n connections parked: it takes those that are idle, looks at them, and
// opens the rest in free slots. What it took it puts back at the end.
func (p *Pool) warm(ctx context.Context, network, address string, n int) error {
	s, err := p.start()
	if err != nil {
		return err
	}
	switch most := s.settings.MaxPerAddress; {
	case n < 0:
		return fmt.Errorf("connpool: Warm of %d connections to %s %q, want 0 or more", n, network, address)
	case most != 0 && n > most:
		return fmt.Errorf("connpool: Warm of %d connections to %s %q, more than MaxPerAddress allows, %d", n, network, address, most)
	}
	if ctx.Err() != nil {
		return s.failure(nil, network, address, over{ctx})
	}
	h, err := s.enter(network, address)
	if err != nil {
		return s.failure(nil, network, address, err)
	}
	defer s.leave(h)
	ctx, end := h.beginGet(ctx)
	defer end()
	w := warming{ctx: ctx, host: h, left: n}
	w.takeIdle()
	var done sync.WaitGroup
	for range min(n, warmers) {
		done.Go(w.work)
	}
	done.Wait()
	for _, k := range append(w.good, w.idle...) {
		h.group.Put(k.slot, k.generation)
	}
	if r := w.panicked; r != nil {
		panic(r)
	}
	if w.ready == n {
		return nil
	}
	return s.failure(nil, network, address, fmt.Errorf("%d of %d connections are ready: %w%s", w.ready, n, w.err, w.full()))
}

// full says what stands against more connections, if that is why a Warm ended.
func (w *warming) full() string {
	if !errors.Is(w.err, errNoFreeSlot) {
		return ""
	}
	p := w.host.pool
	s := p.slots.Stats()
	text := fmt.Sprintf(" (%d of %d slots are taken)", s.InUse+s.Idle+s.Releasing, s.Max)
	w.host.mu.Lock()
	defer w.host.mu.Unlock()
	if most := p.settings.MaxPerAddress; most != 0 && len(w.host.open) >= most {
		text += fmt.Sprintf(" (MaxPerAddress is %d)", most)
	}
	return text
}

// warming is one Warm.
type warming struct {
	ctx  context.Context
	host *host

	mu       sync.Mutex
	left     int
	idle     []*connection // to be looked at
	good     []*connection // of these
	ready    int           // good and opened ones
	err      error         // all of them
	panicked any           // one of them
}

// takeIdle takes what is idle before anything is opened, which would be taken as well.
func (w *warming) takeIdle() {
	for len(w.idle) < w.left {
		k := w.host.pool.take(w.host.network, w.host.address)
		if k == nil {
			return
		}
		w.idle = append(w.idle, k)
	}
}

// work looks at what was idle, and opens connections, until there are enough or
// there is an error.
func (w *warming) work() {
	defer func() {
		if r := recover(); r != nil { // that of DialFunc or Check
			w.mu.Lock()
			defer w.mu.Unlock()
			w.panicked = r
		}
	}()
	for {
		k, more := w.next()
		if !more {
			return
		}
		if k != nil && w.host.pool.good(w.ctx, k) {
			w.mu.Lock()
			w.good = append(w.good, k)
			w.ready++
			w.mu.Unlock()
			continue
		}
		if k != nil {
			k.discard(ClosedDead)
		}
		w.note(w.host.warmOne(w.ctx))
	}
}

// next returns an idle connection to look at, or nil if one is to be opened.
func (w *warming) next() (k *connection, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 || w.err != nil || w.panicked != nil {
		return nil, false
	}
	w.left--
	if last := len(w.idle) - 1; last >= 0 {
		k, w.idle = w.idle[last], w.idle[:last]
	}
	return k, true
}

func (w *warming) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.ready++
	case err == errNoFreeSlot && errors.Is(w.err, err): // once says it
	default:
		w.err = and(w.err, err)
	}
}

// warmOne opens a connection and parks it. No handle is made, so that its first user
// is told that it is fresh.
func (h *host) warmOne(ctx context.Context) error {
	if err := h.backoff(); err != nil {
		return err
	}
	opened, err := h.group.Open(ctx)
	if err == nil && !opened {
		return errNoFreeSlot
	}
	return err
}

var errNoFreeSlot = fmt.Errorf("%w: no free slot", resourcepool.ErrorResourceLimitExceeded)
