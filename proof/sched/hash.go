package sched

// Obj is the part of a shared variable that the scheduler keeps account of:
// which operations on it happened before which. Two runs in which the same
// operations happened in the same order on each variable are in the same
// state, however operations on different variables were interleaved, so that
// only one of the two need be continued.
//
// An operation's hash is made from that of its goroutine's last operation and
// that of the variable's last write; a write also takes in the reads since. The
// sum over the goroutines then stands for the whole.
type Obj struct {
	run          uint64 // for which the rest is valid
	write, reads uint64
}

func mix(a, b uint64) uint64 {
	a ^= b * 0x9E3779B97F4A7C15
	a ^= a >> 32
	a *= 0xD6E8FEB86659FD93
	a ^= a >> 29
	a *= 0xD6E8FEB86659FD93
	return a ^ a>>32
}

// did accounts for an operation of the current task on o, nil for none.
func (r *run) did(o *Obj, write bool) {
	if r.quiet {
		return
	}
	if !r.setUp {
		if o != nil && o.run != r.id {
			r.named++
			*o = Obj{run: r.id, write: r.named}
		}
		return
	}
	t := r.current
	r.hash -= mix(uint64(t.id)+7, t.hash)
	switch {
	case o == nil:
		t.hash = mix(t.hash, 3)
	case o.run != r.id:
		*o = Obj{run: r.id, write: mix(t.hash, 5)}
		fallthrough
	default:
		t.hash = mix(t.hash, o.write)
		if write {
			t.hash = mix(t.hash, o.reads)
			o.write, o.reads = t.hash, 0
		} else {
			o.reads += mix(t.hash, 11)
		}
	}
	r.hash += mix(uint64(t.id)+7, t.hash)
}

// Point is called before an operation on a shared variable.
func Point(what string) {
	if r := active; r != nil {
		r.point(what)
	} else {
		delay()
	}
}

// Did is called after it, and says whether it changed the variable.
func Did(o *Obj, write bool) {
	if r := active; r != nil {
		r.did(o, write)
	}
}

// Yield is a choice point in a scenario's own code, as in a callback.
func Yield() {
	if r := active; r != nil {
		r.point("callback")
		r.did(nil, false)
	} else {
		delay()
	}
}

// Quietly runs f, which looks at what is under test and changes nothing, without
// choice points.
func Quietly(f func()) {
	if r := active; r != nil && !r.quiet {
		r.quiet = true
		defer func() { r.quiet = false }()
	}
	f()
}
