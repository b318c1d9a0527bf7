// Package copied copies a Conn, for a test of what go vet says to that.
package copied

import "github.com/slotpool/slotpool/connpool"

func deref(c *connpool.Conn) connpool.Conn { return *c }
