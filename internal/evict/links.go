package evict

// chain is a doubly linked list of nodes. A node has links for two of them; k
// says which.
type chain struct{ oldest, newest *Node }

type links struct{ prev, next *Node } // the older and the newer one

const (
	byArrival = iota
	byEra
)

func (l *chain) pushNewest(n *Node, k int) {
	n.links[k] = links{prev: l.newest}
	if l.newest != nil {
		l.newest.links[k].next = n
	} else {
		l.oldest = n
	}
	l.newest = n
}

func (l *chain) insertBefore(n, next *Node, k int) {
	prev := next.links[k].prev
	n.links[k] = links{prev, next}
	next.links[k].prev = n
	if prev != nil {
		prev.links[k].next = n
	} else {
		l.oldest = n
	}
}

func (l *chain) remove(n *Node, k int) {
	at := n.links[k]
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
	n.links[k] = links{}
}

// prepend moves all of other before the oldest of l.
func (l *chain) prepend(other *chain, k int) {
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
	*other = chain{}
}
