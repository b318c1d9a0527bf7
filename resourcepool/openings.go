package resourcepool

// openings is a list of a group's, in order of their beginning. Each step is of
// constant time, but for the few that have been cancelled and still run: a herd of Gets
// has as many openings. waitLock guards it.
type openings struct {
	oldest, newest *opening
	wanted         int64 // how many are not spare
	running        int64 // and of these, have their slot
}

func (l *openings) add(o *opening) {
	if o.older = l.newest; o.older != nil {
		o.older.newer = o
	} else {
		l.oldest = o
	}
	l.newest = o
	l.wanted++
	o.member.opening = o
}

func (l *openings) remove(o *opening) {
	if o.older != nil {
		o.older.newer = o.newer
	} else {
		l.oldest = o.newer
	}
	if o.newer != nil {
		o.newer.older = o.older
	} else {
		l.newest = o.older
	}
	o.older, o.newer = nil, nil
	if o.member.opening == o { // else the member is another's already, as it was vacant
		o.member.opening = nil
	}
	if !o.spare {
		l.drop(o)
	}
}

// start counts an opening that has its slot.
func (l *openings) start(o *opening) {
	o.slot = true
	if !o.spare {
		l.running++
	}
}

func (l *openings) drop(o *opening) {
	l.wanted--
	if o.slot {
		l.running--
	}
}

// setAside counts an opening no more that no Get is to join.
func (l *openings) setAside(o *opening) {
	o.spare = true
	l.drop(o)
}

func (l *openings) newestWanted(but *opening) *opening {
	for o := l.newest; o != nil; o = o.older {
		if o != but && !o.spare {
			return o
		}
	}
	return nil
}

func (l *openings) newestSeeking() *opening {
	for o := l.newest; o != nil; o = o.older {
		if o.seeks() {
			return o
		}
	}
	return nil
}

// join makes a Get of the group wait for an opening, or for none.
func (w *waiter) join(o *opening) {
	if w.opening != nil {
		w.opening.gets--
	}
	if w.opening = o; o != nil {
		o.gets++
	}
}
