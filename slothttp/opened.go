package slothttp

import (
	"net"

	"github.com/slotpool/slotpool/internal/autosize"
)

var _ autosize.Opener = (*member)(nil)

// Opened tells who sizes the pool what was allocated.
func (m *member) Opened() net.Conn {
	switch l := m.link; {
	case l == nil:
		return nil
	case l.foreign != nil:
		return l.foreign
	case l.wire != nil:
		return l.wire.Conn
	}
	return nil
}
