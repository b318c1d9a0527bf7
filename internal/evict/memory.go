package evict

import "math/bits"

// A resource keeps its own record, for as long as it exists. Those that stand
// for one address in turn share one instead: it is kept here, by the hash of the
// address, from the end of one's residency to the beginning of the next one's,
// and beyond, as there may be several at a time (E7).
//
// The memory has a few records a slot. Where there is no more room, what left
// longest ago is forgotten. It takes no room until the first record is kept.
type memory struct {
	kept, older []recalled // older: of before there were more slots, still looked into
}

type recalled struct {
	tag uint32 // the upper half of the hash; 0 for no record
	record
}

const (
	recordsASlot = 4
	bucket       = 4 // records among which one may lie
)

// Remember makes n one whose record is kept by key, which the function given to
// Init tells. It must be called before n is first a resident.
func (n *Node) Remember() { n.flags |= keyed }

func tagOf(key uint64) uint32 { return max(uint32(key>>32), 1) }

func bucketOf(records []recalled, tag uint32) []recalled {
	if len(records) == 0 {
		return nil
	}
	at := int(tag) & (len(records) - 1) &^ (bucket - 1)
	return records[at : at+bucket]
}

// keep keeps the record of n, which has just ceased to be a resident.
func (s *List) keep(n *Node) {
	lists := uint64(len(*s.pool.homes.Load()))
	if want := recordsASlot * (s.pool.slots.Load()/lists + 1); uint64(len(s.kept)) < want {
		s.older = s.kept
		s.kept = make([]recalled, max(bucket, 1<<bits.Len64(want-1)))
	}
	tag := tagOf(s.pool.keyOf(n))
	records := bucketOf(s.kept, tag)
	place := &records[0]
	for i := range records {
		r := &records[i]
		if r.tag == tag {
			place = r
			break
		}
		if place.tag != 0 && (r.tag == 0 || uint32(s.clock)-r.stamp > uint32(s.clock)-place.stamp) {
			place = r
		}
	}
	*place = recalled{tag, n.record}
}

// recall gives n, which is about to become a resident, what is known of its
// address. Only the first to come back finds who evicted it: an eviction is
// regretted once.
func (s *List) recall(n *Node) {
	n.record = record{}
	tag := tagOf(s.pool.keyOf(n))
	for _, records := range [...][]recalled{s.kept, s.older} {
		records = bucketOf(records, tag)
		for i := range records {
			if r := &records[i]; r.tag == tag {
				n.record = r.record
				r.by = none
				return
			}
		}
	}
}
