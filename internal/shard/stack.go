package shard

import "sync/atomic"

// Link is the field by which a T lies on a Stack. Its zero value is a node
// that is on no stack.
type Link[T any] struct {
	// next is nil while the node is on no stack. The bottom node points to
	// itself, so that nil is free to mean that.
	next atomic.Pointer[T]
}

// Linked is a pointer to a T that shows where its Link is.
type Linked[T any] interface {
	*T
	StackLink() *Link[T]
}

// Stack is a lock-free intrusive stack with two operations: push one, take
// all. It allocates nothing. The zero value is an empty stack. All methods
// may be called concurrently.
//
// There is no ABA problem. The one compare-and-swap, in Push, only needs "head is
// what my node points to". That is true of a head that never left, and as true of one
// that went and came back. TakeAll compares nothing.
// A node's link doubles as its claim, so that pushing a node that already
// lies on a stack does nothing, however many push it at once.
type Stack[T any, P Linked[T]] struct {
	head atomic.Pointer[T]
}

// Push puts x on top and reports whether it did: false means that x already
// was on a stack, or was being pushed.
func (s *Stack[T, P]) Push(x P) bool {
	next := &x.StackLink().next
	if !next.CompareAndSwap(nil, x) {
		return false
	}
	for {
		head := s.head.Load()
		if head == nil {
			next.Store(x)
		} else {
			next.Store(head)
		}
		if s.head.CompareAndSwap(head, x) {
			return true
		}
	}
}

// Empty reports whether nothing is on the stack at the moment.
func (s *Stack[T, P]) Empty() bool { return s.head.Load() == nil }

// TakeAll empties the stack and yields what was on it, newest first. A node
// is off the stack, and may be pushed again, from just before it is yielded.
// Stopping early still takes every node off.
func (s *Stack[T, P]) TakeAll(yield func(P) bool) {
	if s.Empty() {
		return
	}
	more := true
	for x := P(s.head.Swap(nil)); x != nil; {
		link := x.StackLink()
		next := P(link.next.Load())
		link.next.Store(nil)
		last := next == x
		if more {
			more = yield(x)
		}
		if last {
			return
		}
		x = next
	}
}

// A Chain is what was on a stack, newest first. For Push, its nodes still lie
// on a stack. It must not be used concurrently. The zero value is empty.
type Chain[T any, P Linked[T]] struct{ top P }

// Detach empties the stack at once, however much is on it.
func (s *Stack[T, P]) Detach() Chain[T, P] {
	if s.Empty() {
		return Chain[T, P]{}
	}
	return Chain[T, P]{s.head.Swap(nil)}
}

// Empty reports whether nothing is left.
func (c *Chain[T, P]) Empty() bool { return c.top == nil }

// Next takes the newest node off, which may be pushed again from then on. The
// chain is not empty.
func (c *Chain[T, P]) Next() P {
	x := c.top
	link := x.StackLink()
	if c.top = link.next.Load(); c.top == x {
		c.top = nil
	}
	link.next.Store(nil)
	return x
}

// Linked reports whether the node lies on a stack, or is just being pushed.
func (l *Link[T]) Linked() bool { return l.next.Load() != nil }
