package resourcepool

// list is a doubly linked list of residents. A resource has links for two
// lists; k says which.
type list struct{ oldest, newest *resource }

type links struct{ prev, next *resource } // the older and the newer one

const (
	byArrival = iota
	byEra
)

func (l *list) pushNewest(r *resource, k int) {
	r.links[k] = links{prev: l.newest}
	if l.newest != nil {
		l.newest.links[k].next = r
	} else {
		l.oldest = r
	}
	l.newest = r
}

func (l *list) insertBefore(r, next *resource, k int) {
	prev := next.links[k].prev
	r.links[k] = links{prev, next}
	next.links[k].prev = r
	if prev != nil {
		prev.links[k].next = r
	} else {
		l.oldest = r
	}
}

func (l *list) remove(r *resource, k int) {
	at := r.links[k]
	if at.prev != nil {
		at.prev.links[k].next = at.next
	} else {
		l.oldest = at.next
	}
	if at.next != nil {
		at.next.links[k].prev = at.prev
	} else {
		l.newest = at.prev
	}
	r.links[k] = links{}
}

// prepend moves all of other before the oldest of l.
func (l *list) prepend(other *list, k int) {
	if other.oldest == nil {
		return
	}
	if l.oldest == nil {
		l.newest = other.newest
	} else {
		l.oldest.links[k].prev = other.newest
		other.newest.links[k].next = l.oldest
	}
	l.oldest = other.oldest
	*other = list{}
}
