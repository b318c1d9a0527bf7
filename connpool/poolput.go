package connpool

import (
	"context"
	"errors"
	"time"
)

// resetTimeout is how long a Reset may take.
const resetTimeout = time.Second

// put parks the connection of a holder who is done with it.
func (m *member) put(k *connection) {
	if m.special {
		m.putSpecial(k)
		return
	}
	m.host.group.Put(k.slot, k.generation)
}

func (m *member) putSpecial(k *connection) {
	m.unhold()
	if m.host.pool.settings.Reset == nil {
		m.host.group.Put(k.slot, k.generation)
		return
	}
	go m.reset(k)
}

// reset has the connection made ready for its next user, on a goroutine of its
// own, so that Put does not wait. Until then the connection is in use. When the
// time is up it is closed, whether Reset returns or not.
func (m *member) reset(k *connection) {
	ctx, cancel := context.WithTimeout(context.Background(), resetTimeout)
	defer cancel()
	settings := &m.host.pool.settings
	defer settings.rescue("Close of a connection")
	refuse := func() {
		defer settings.rescue("Close of a connection")
		m.why.Store(uint32(ClosedReset))
		_, _ = k.slot.ReleaseGeneration(k.generation)
	}
	stop := context.AfterFunc(ctx, refuse)
	err := m.callReset(ctx, k)
	switch {
	case !stop(): // it is refused already
	case err != nil:
		refuse()
	default:
		m.host.group.Put(k.slot, k.generation)
	}
}

func (m *member) callReset(ctx context.Context, k *connection) (err error) {
	s := &m.host.pool.settings
	defer s.rescue("Reset")
	err = errResetPanicked
	return s.Reset(ctx, k.inner)
}

var errResetPanicked = errors.New("connpool: Reset panicked")
