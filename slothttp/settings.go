package slothttp

import (
	"slices"
	"time"
)

// How many requests an HTTP/2 connection may have at once is in the first frame
// that its server sends, which is on its way when the connection is handed out.
// Until it comes net/http assumes 100, and of those that turn out to be too many
// it keeps the rest waiting, though another connection could serve them. So the
// first request goes out at once, and others wait until the server has spoken.

// settingsPatience is how long. A server that allows just what net/http assumes
// cannot be told from one that is silent, until it answers.
const settingsPatience = 100 * time.Millisecond

// assume is called before anybody uses the connection.
func (l *link) assume() { l.assumed = l.cc.Available() + l.cc.InFlight() }

// isSure reports whether the server's limit is known. origin.mu is held.
func (l *link) isSure() bool {
	if !l.sure.Load() && l.cc.Available()+l.cc.InFlight() != l.assumed {
		l.sure.Store(true)
	}
	return l.sure.Load()
}

// unsure reports whether there is a connection in use of which it is not known.
func (o *origin) unsure() bool {
	return slices.ContainsFunc(o.shared, func(l *link) bool { return l.cc.Err() == nil && !l.retired && !l.isSure() })
}

// spoke is told of the first answer on l, which comes after the limit.
func (o *origin) spoke(l *link) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.sure.Store(true)
	o.serve()
	o.promote()
}

// watch looks at the connections until all limits are known. net/http's hook
// tells of a limit only if it is above what was assumed. origin.mu is held.
func (o *origin) watch() {
	if o.watching {
		return
	}
	o.watching = true
	go func() {
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		began := time.Now()
		for range ticker.C {
			if o.watched(time.Since(began) > settingsPatience) {
				return
			}
		}
	}()
}

// watched is one look. It returns whether it was the last.
func (o *origin) watched(impatient bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.shared {
		if impatient {
			l.sure.Store(true)
		}
	}
	o.serve()
	if len(o.queue) > 0 && o.unsure() {
		return false
	}
	o.watching = false
	o.promote()
	return true
}
