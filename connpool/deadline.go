package connpool

import "time"

// SetDeadline is that of the embedded connection. What is set by this method and
// the next two is cleared by Put: the next user has no deadline.
func (c *Conn) SetDeadline(t time.Time) error {
	c.chores.Or(hasDeadlines)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline is that of the embedded connection; see SetDeadline.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.chores.Or(hasDeadlines)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline is that of the embedded connection; see SetDeadline.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.chores.Or(hasDeadlines)
	return c.Conn.SetWriteDeadline(t)
}

// clearDeadlines leaves the flag set if it panics: then the Conn is still its
// user's.
func (c *Conn) clearDeadlines() {
	_ = c.Conn.SetDeadline(time.Time{}) // if it fails, the next Get will see why
	c.chores.And(^hasDeadlines)
}
