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
// There is no ABA problem to solve: the one compare-and-swap, in Push, only
// needs "head is what my node points to", which is as true of a head that
// went and came back as of one that never left; and TakeAll compares nothing.
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
