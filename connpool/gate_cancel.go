package connpool

import "context"

// canceler is what ends the waits of one dial. It is looked at only once the
// dial has to wait, as a Get tries first and waits second.
type canceler struct {
	channel   <-chan struct{} // of an old Get; nil never speaks
	ctx       context.Context
	looked    bool
	immediate bool // the channel was ready when the first wait began
	spoken    bool // the channel has spoken; it may have nothing more to say
}

// look is called when a wait begins. It reports whether the channel has been
// heard to speak, and takes no message from one with a buffer, whose message is
// for whoever looks at it next. A sender that stands at a channel without one
// is heard, since it can be told from a closed channel in no other way.
func (c *canceler) look() (spoke bool) {
	if c.looked || c.channel == nil {
		return false
	}
	c.looked = true
	if len(c.channel) > 0 {
		c.immediate = true
		return false
	}
	select {
	case _, spoke = <-c.channel:
		c.immediate = !spoke // closed
		c.spoken = spoke
	default:
	}
	return spoke
}

// stays says that nothing can end the waits. It is called after look.
func (c *canceler) stays() bool {
	return c.ctx.Done() == nil && (c.channel == nil || c.immediate)
}

// watched is the channel for a select: nil if it is not to be looked at again.
func (c *canceler) watched() <-chan struct{} {
	if c.immediate || c.spoken {
		return nil
	}
	return c.channel
}
