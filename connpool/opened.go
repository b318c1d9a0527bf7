package connpool

import (
	"net"

	"github.com/slotpool/slotpool/internal/autosize"
)

var _, _, _ autosize.Opener = (*closer)(nil), (*member)(nil), (*slotted)(nil)

// Opened tells the sizer what was allocated.
func (r *closer) Opened() net.Conn { return r.open.opened() }

// Opened tells the sizer what was allocated.
func (m *member) Opened() net.Conn { return m.open.opened() }

// Opened tells the sizer what was allocated, if it was: a listener takes its slot first.
func (s *slotted) Opened() net.Conn { return s.inner }

func (k *connection) opened() net.Conn {
	if k == nil {
		return nil
	}
	return k.inner
}
