package sched

import "reflect"

// Case is one communication of a select. R and S make it.
type Case struct {
	channel uintptr // 0: nil, which is never ready
	send    bool
	room    int // of the buffer
	can     func() bool
	do      func() (v any, ok bool)
	value   any // to send
	real    reflect.SelectCase
}

// R is the receipt from a channel.
func R[T any](ch <-chan T) Case {
	c := Case{channel: reflect.ValueOf(ch).Pointer(), room: cap(ch)}
	if active == nil {
		c.real = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch)}
		return c
	}
	c.can = func() bool {
		if len(ch) > 0 {
			return true
		}
		select { // nobody really waits in a send: only a closed channel has something
		case _, ok := <-ch:
			if ok {
				panic("sched: a message from outside of the run is lost")
			}
			return true
		default:
			return false
		}
	}
	c.do = func() (any, bool) { v, ok := <-ch; return v, ok }
	return c
}

// S is the sending of v.
func S[T any](ch chan<- T, v T) Case {
	c := Case{channel: reflect.ValueOf(ch).Pointer(), send: true, room: cap(ch), value: v}
	if active == nil {
		c.real = reflect.SelectCase{Dir: reflect.SelectSend, Chan: reflect.ValueOf(ch), Send: reflect.ValueOf(&v).Elem()}
		return c
	}
	c.can = func() bool { return len(ch) < cap(ch) }
	c.do = func() (any, bool) { ch <- v; return nil, true }
	return c
}

// Recv is <-ch.
func Recv[T any](ch <-chan T) T {
	v, _ := Recv2(ch)
	return v
}

// Recv2 is <-ch with two results.
func Recv2[T any](ch <-chan T) (T, bool) {
	if active == nil {
		delay()
		v, ok := <-ch
		return v, ok
	}
	_, v := Select(false, R(ch))
	return Value2(ch, v)
}

// Send is ch <- v.
func Send[T any](ch chan<- T, v T) {
	if active == nil {
		delay()
		ch <- v
		return
	}
	Select(false, S(ch, v))
}

// Close is close.
func Close[T any](ch chan<- T) {
	r := active
	if r == nil {
		delay()
		close(ch)
		return
	}
	r.point("close")
	close(ch)
	r.did(r.object(reflect.ValueOf(ch).Pointer()), true)
}

// Received is what came of a receipt.
type Received struct {
	v  any
	ok bool
}

// Value is what was received from ch.
func Value[T any](ch <-chan T, v Received) T { x, _ := Value2(ch, v); return x }

// Value2 is Value, and whether it was sent.
func Value2[T any](_ <-chan T, v Received) (T, bool) { x, _ := v.v.(T); return x, v.ok }

// parked is what a task waits for in a select.
type parked struct {
	cases []Case
	done  int // which case another has completed; -1 for none
	got   Received
}

func (p *parked) ready(r *run) bool { return p.done >= 0 || len(r.possible(p.cases)) > 0 }

// Select is a select statement. It returns the number of the case, -1 for the default.
func Select(hasDefault bool, cases ...Case) (int, Received) {
	r := active
	if r == nil {
		return realSelect(hasDefault, cases)
	}
	r.point("select")
	me := &parked{cases: cases, done: -1}
	for {
		if can := r.possible(cases); len(can) > 0 {
			i := can[r.oneOf(len(can))]
			got := r.communicate(cases[i])
			if t := r.current; t != nil {
				t.hash = mix(t.hash, uint64(i))
			}
			r.did(r.object(cases[i].channel), true)
			return i, got
		}
		if hasDefault {
			for _, c := range cases {
				r.did(r.object(c.channel), false)
			}
			return -1, Received{}
		}
		r.block(me)
		if me.done >= 0 {
			r.did(r.object(cases[me.done].channel), true)
			return me.done, me.got
		}
	}
}

func (r *run) possible(cases []Case) (can []int) {
	for i, c := range cases {
		if c.channel != 0 && (c.can() || c.room == 0 && r.partner(c) != nil) {
			can = append(can, i)
		}
	}
	return can
}

// partner finds who waits at the other end of an unbuffered channel.
func (r *run) partner(c Case) (p *parked) {
	for _, t := range r.tasks {
		if q, ok := t.waitsFor.(*parked); ok && q.done < 0 && t != r.current {
			for _, other := range q.cases {
				if other.channel == c.channel && other.send != c.send {
					return q
				}
			}
		}
	}
	return nil
}

func (r *run) communicate(c Case) Received {
	if c.can() {
		v, ok := c.do()
		return Received{v, ok}
	}
	p := r.partner(c)
	for i, other := range p.cases {
		if other.channel == c.channel && other.send != c.send {
			p.done = i
			if c.send {
				p.got = Received{c.value, true}
				return Received{}
			}
			return Received{other.value, true}
		}
	}
	panic("unreachable")
}

func realSelect(hasDefault bool, cases []Case) (int, Received) {
	delay()
	real := make([]reflect.SelectCase, len(cases), len(cases)+1)
	for i, c := range cases {
		real[i] = c.real
	}
	if hasDefault {
		real = append(real, reflect.SelectCase{Dir: reflect.SelectDefault})
	}
	i, v, ok := reflect.Select(real)
	if i == len(cases) {
		return -1, Received{}
	}
	got := Received{ok: ok}
	if v.IsValid() {
		got.v = v.Interface()
	}
	return i, got
}

// object accounts for a channel.
func (r *run) object(channel uintptr) *Obj {
	o := r.objects[channel]
	if o == nil {
		o = &Obj{}
		r.objects[channel] = o
	}
	return o
}
