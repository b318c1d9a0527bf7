package trace

// list is an ordered set of addresses below a bound; index bound is the
// anchor before the oldest and after the newest.
type list struct {
	older, newer []uint32
	anchor       uint32
	len          int
}

func newList(bound int) *list {
	l := &list{older: make([]uint32, bound+1), newer: make([]uint32, bound+1), anchor: uint32(bound)}
	l.older[bound], l.newer[bound] = l.anchor, l.anchor
	return l
}

func (l *list) pushNewest(a uint32) {
	before := l.older[l.anchor]
	l.older[a], l.newer[a] = before, l.anchor
	l.newer[before], l.older[l.anchor] = a, a
	l.len++
}

func (l *list) remove(a uint32) {
	before, after := l.older[a], l.newer[a]
	l.newer[before], l.older[after] = after, before
	l.len--
}

// oldest and newest return the anchor if the list is empty.
func (l *list) oldest() uint32 { return l.newer[l.anchor] }
func (l *list) newest() uint32 { return l.older[l.anchor] }
