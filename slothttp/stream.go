package slothttp

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// waiter is a request that waits for a connection which it may have to share.
// All but wake is guarded by origin.mu.
type waiter struct {
	wake   chan struct{}      // has room for one
	cancel context.CancelFunc // of the Get of the one who leads
	lead   bool               // gets a connection from the group, for all who wait
	served bool               // is out of the queue, for one of the reasons below
	link   *link              // with a request reserved
	err    error              // of the dial that it waited for
	alone  bool               // the server speaks HTTP/1
}

// getStream gets a connection to share. If there is none with room, one of those
// who wait leads: it gets a connection from the group, for all of them. A stream
// that becomes free serves whoever came first, be it the leader.
//
// stillborn is how many connections the caller has found dead before their first
// request.
func (o *origin) getStream(ctx context.Context, stillborn int) (*link, error) {
	o.mu.Lock()
	if l := o.reserve(); l != nil {
		o.mu.Unlock()
		return l, nil
	}
	w := &waiter{wake: make(chan struct{}, 1)}
	o.queue = append(o.queue, w)
	o.waiting.Add(1)
	o.promote()
	lead := w.lead
	o.mu.Unlock()

	if !lead {
		select {
		case <-w.wake: // served, or to lead
		case <-ctx.Done():
		}
		o.mu.Lock()
		lead = w.lead && !w.served
		o.mu.Unlock()
	}
	if lead && ctx.Err() == nil {
		return o.lead(ctx, w, stillborn)
	}
	o.leave(w, nil)
	return o.outcome(ctx, w, &waitError{o.firstHop(), ctx})
}

// outcome is what came of the wait of w, which has left the queue: err if it was
// not served.
func (o *origin) outcome(ctx context.Context, w *waiter, err error) (*link, error) {
	switch {
	case !w.served:
		return nil, err
	case w.alone:
		return o.getOwn(ctx)
	}
	return w.link, w.err
}

// lead gets a connection for w and those behind it. Whoever serves w by a stream
// meanwhile cancels that.
//
// Cancel and grant: the context of getting ends with ctx, or by grant, which
// has then served w. So a Get that failed with getting over and w not served
// failed because of ctx; its error is no concern of the others. A Get that
// succeeds although w is served brings a connection too many, which is parked,
// or which the next leader finds.
func (o *origin) lead(ctx context.Context, w *waiter, stillborn int) (*link, error) {
	getting, cancel := context.WithCancel(ctx)
	defer cancel()
	o.mu.Lock()
	w.cancel = cancel
	if w.served {
		cancel()
	}
	o.mu.Unlock()

	var failure error
	returns := false
	defer func() {
		o.leave(w, failure)
		if !returns && w.link != nil { // a dial panicked
			o.giveUp(w.link)
		}
	}()
	r, err := o.obtain(getting)
	returns = true
	if err != nil {
		if getting.Err() == nil {
			failure = err
		}
		o.leave(w, failure)
		return o.outcome(ctx, w, err)
	}
	o.stepAside(w)
	l := bind(r)
	if !l.used {
		stillborn++
	}
	if err = o.adopt(ctx, l, stillborn); err == nil {
		return o.crown(w, l), nil
	}
	if stillborn == mostStillborn {
		failure = err
		o.leave(w, failure)
		return o.outcome(ctx, w, err)
	}
	o.leave(w, nil)
	if w.served {
		return o.outcome(ctx, w, nil)
	}
	return o.getStream(ctx, stillborn) // anew, last in the queue
}

// crown ends the lead of w, who has l now, and returns what w is to use.
func (o *origin) crown(w *waiter, l *link) *link {
	if !l.shared.Load() {
		o.dismiss(w)
	} else {
		o.leave(w, nil)
	}
	if w.served && w.link != nil { // served twice
		o.giveUp(l)
		return w.link
	}
	return l
}

// reserve reserves a request on a connection that others use. The oldest comes
// first, so that the others may become idle. origin.mu is held.
func (o *origin) reserve() *link {
	for i := 0; i < len(o.shared); {
		l := o.shared[i]
		if l.cc.Err() != nil {
			o.shared = slices.Delete(o.shared, i, i+1)
			continue
		}
		if !l.retired && l.isSure() && l.cc.Reserve() == nil {
			l.leases++
			return l
		}
		i++
	}
	return nil
}

// serve gives streams to the queue. origin.mu is held.
func (o *origin) serve() {
	for len(o.queue) > 0 {
		l := o.reserve()
		if l == nil {
			return
		}
		o.queue[0].link = l
		o.grant(o.queue[0])
	}
}

// share lets others use l, on which its holder has reserved a request.
func (o *origin) share(l *link) {
	o.speaks.Store(many)
	if l.foreign == nil {
		l.cc.SetStateHook(o.streamsFreed)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	l.leases = 1
	o.shared = append(o.shared, l)
	o.serve()
	o.promote()
}

// giveUp ends the use of l by one who did not make the reserved request.
func (o *origin) giveUp(l *link) {
	if !l.shared.Load() {
		l.park()
		return
	}
	l.cc.Release()
	o.end(l)
}

// end ends one request's use of l, which is shared. The last one parks it.
func (o *origin) end(l *link) {
	o.mu.Lock()
	l.leases--
	o.serve()
	idle := l.leases == 0
	if idle {
		if i := slices.Index(o.shared, l); i >= 0 {
			o.shared = slices.Delete(o.shared, i, i+1)
		}
	}
	o.serveLater()
	o.promote()
	o.mu.Unlock()
	if !idle {
		return
	}
	if l.cc.Available() == 0 && l.cc.InFlight() == 0 {
		l.discard() // the server wants no more requests on it
		return
	}
	l.park()
}

// retire makes l take no further request.
func (o *origin) retire(l *link) {
	o.mu.Lock()
	l.retired = true
	o.mu.Unlock()
}

// streamsFreed is net/http's state hook. It may run on a goroutine that holds
// origin.mu, below Reserve.
func (o *origin) streamsFreed(*http.ClientConn) {
	if o.waiting.Load() > 0 {
		go o.serveNow()
	}
}

// serveLater sees to it that the queue is looked at again, though nothing may
// happen by then. A response that was read to its end can be a moment ahead of
// its stream, and the hook that tells of the stream is not run if it was running
// at that time. origin.mu is held.
func (o *origin) serveLater() {
	if len(o.queue) > 0 && !o.later {
		o.later = true
		time.AfterFunc(hookPatience, func() {
			o.mu.Lock()
			o.later = false
			o.serve()
			o.mu.Unlock()
		})
	}
}

const hookPatience = 5 * time.Millisecond

func (o *origin) serveNow() {
	o.mu.Lock()
	o.serve()
	o.mu.Unlock()
}
