package slothttp

import "slices"

// leave takes w out of the queue, and out of the lead if it has that. Then a failure
// goes to all others, as they waited for the same dial. Without a failure the next in the
// queue leads.
func (o *origin) leave(w *waiter, failure error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(w)
	if !w.lead {
		return
	}
	w.lead = false
	o.opening = false
	for failure != nil && len(o.queue) > 0 {
		o.queue[0].err = failure
		o.grant(o.queue[0])
	}
	o.serve()
	o.promote()
}

// stepAside takes w, who leads and has a connection, out of the queue. If it stood in there when others
// get the streams of that, one would be for w, who has one. The next in the queue would lack it for that
// moment, and open a connection too many.
func (o *origin) stepAside(w *waiter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(w)
}

// promote makes the first of the queue lead if nobody does. As long as a
// connection may have room, but its server has yet to say so, nobody needs to.
// origin.mu is held.
func (o *origin) promote() {
	switch {
	case len(o.queue) == 0 || o.opening:
	case o.unsure():
		o.watch()
	default:
		first := o.queue[0]
		first.lead, o.opening = true, true
		first.wakeUp()
	}
}

// dismiss ends the queue: the server speaks HTTP/1.
func (o *origin) dismiss(w *waiter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(w)
	if w.lead {
		w.lead, o.opening = false, false
	}
	for len(o.queue) > 0 {
		o.queue[0].alone = true
		o.grant(o.queue[0])
	}
}

// grant says to w that it is served.
func (o *origin) grant(w *waiter) {
	o.remove(w)
	w.served = true
	if w.cancel != nil {
		w.cancel()
	}
	w.wakeUp()
}

func (w *waiter) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default: // it has not looked yet
	}
}

func (o *origin) remove(w *waiter) {
	if i := slices.Index(o.queue, w); i >= 0 {
		o.queue = slices.Delete(o.queue, i, i+1)
		o.waiting.Add(-1)
	}
}
