package connpool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slotpool/slotpool/resourcepool"
)

// over is the error of a verb whose context was over before it began.
type over struct{ ctx context.Context }

func (o over) Error() string { return "not begun: " + context.Cause(o.ctx).Error() }
func (o over) Unwrap() []error {
	return []error{o.ctx.Err(), context.Cause(o.ctx)}
}

// failure is the error of a Get. h is nil if there is no host, or nothing to
// say about it.
func (p *pool) failure(h *host, network, address string, err error) error {
	e := &GetError{Network: network, Address: address, Err: err}
	if errors.Is(err, ErrTooManyWaiting) {
		e.limit = fmt.Sprintf("MaxWaiting is %d", p.settings.MaxWaiting)
	}
	var wait *resourcepool.WaitError
	if !errors.As(err, &wait) {
		return e
	}
	if errors.Is(err, ErrClosed) {
		e.Err = ErrClosed // not the cancellation by which the Get was told
		return e
	}
	if h == nil {
		return e
	}
	h.mu.Lock()
	e.Open, e.LastDial = len(h.open), h.failed.err
	dials := slices.Clone(h.dials)
	h.mu.Unlock()
	if most := p.settings.MaxPerAddress; most != 0 && e.Open+len(dials) >= most && wait.Err == resourcepool.ErrorPutTimeout {
		e.limit = fmt.Sprintf("MaxPerAddress is %d", most)
	}
	for _, d := range dials {
		if starved := d.starved.explain(network, address, wait, p.slots); starved != error(wait) {
			e.Err = starved
			break
		}
	}
	return e
}
