package resourcepool

// limitWaiting is the body of Group.LimitWaiting.
func (g *group) limitWaiting(l *WaitLimit) {
	g.pool.waitLock.Lock()
	defer g.pool.waitLock.Unlock()
	g.limit = l
}

// recount tells the limit how many Gets of the group wait in its sense: those that
// are more than the openings that have a slot. It is called after each change of
// either number. waitLock is held.
func (g *group) recount() {
	if g.limit == nil {
		return
	}
	now := max(g.waiting.Load()-g.openings.running, 0)
	g.limit.waiting += now - g.counted
	g.counted = now
}

// limited refuses a Get that has just joined the queue if it is one more than may
// wait. before is how many waited before it. It has all that there is by now, so
// one that could be served, or whose opening has a slot, is not refused.
func (g *group) limited(w *waiter, before int64) {
	l := g.limit
	if l == nil || w.queue == nil || l.waiting <= before || l.waiting <= int64(l.Max) {
		return
	}
	g.forget(w)
	w.refuse(l.Err)
}
