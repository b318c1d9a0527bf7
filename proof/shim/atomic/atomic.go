// Package atomic has the types of sync/atomic. Each operation is a choice point
// of package sched.
package atomic

import (
	"sync/atomic"

	"github.com/slotpool/slotpool/proof/sched"
)

type (
	Int32   = integer[int32, atomic.Int32, *atomic.Int32]
	Int64   = integer[int64, atomic.Int64, *atomic.Int64]
	Uint32  = integer[uint32, atomic.Uint32, *atomic.Uint32]
	Uint64  = integer[uint64, atomic.Uint64, *atomic.Uint64]
	Uintptr = integer[uintptr, atomic.Uintptr, *atomic.Uintptr]
)

// integer is V, a type of sync/atomic that has a T in it. P is a pointer to V.
type integer[T, V any, P operations[T, V]] struct {
	v V
	o sched.Obj
}

// operations are the methods of *V.
type operations[T, V any] interface {
	*V
	Load() T
	Store(T)
	Add(T) T
	Swap(T) T
	And(T) T
	Or(T) T
	CompareAndSwap(from, to T) bool
}

func (x *integer[T, V, P]) Load() T {
	sched.Point("Load")
	v := P(&x.v).Load()
	sched.Did(&x.o, false)
	return v
}

func (x *integer[T, V, P]) Store(v T) {
	sched.Point("Store")
	P(&x.v).Store(v)
	sched.Did(&x.o, true)
}

func (x *integer[T, V, P]) Add(d T) T {
	sched.Point("Add")
	v := P(&x.v).Add(d)
	sched.Did(&x.o, true)
	return v
}

func (x *integer[T, V, P]) Swap(v T) T {
	sched.Point("Swap")
	v = P(&x.v).Swap(v)
	sched.Did(&x.o, true)
	return v
}

func (x *integer[T, V, P]) And(v T) T {
	sched.Point("And")
	v = P(&x.v).And(v)
	sched.Did(&x.o, true)
	return v
}

func (x *integer[T, V, P]) Or(v T) T {
	sched.Point("Or")
	v = P(&x.v).Or(v)
	sched.Did(&x.o, true)
	return v
}

func (x *integer[T, V, P]) CompareAndSwap(from, to T) bool {
	sched.Point("CompareAndSwap")
	ok := P(&x.v).CompareAndSwap(from, to)
	sched.Did(&x.o, ok)
	return ok
}

// Bool is atomic.Bool.
type Bool struct {
	v atomic.Bool
	o sched.Obj
}

func (x *Bool) Load() bool {
	sched.Point("Load")
	v := x.v.Load()
	sched.Did(&x.o, false)
	return v
}

func (x *Bool) Store(v bool) {
	sched.Point("Store")
	x.v.Store(v)
	sched.Did(&x.o, true)
}

func (x *Bool) Swap(v bool) bool {
	sched.Point("Swap")
	v = x.v.Swap(v)
	sched.Did(&x.o, true)
	return v
}

func (x *Bool) CompareAndSwap(from, to bool) bool {
	sched.Point("CompareAndSwap")
	ok := x.v.CompareAndSwap(from, to)
	sched.Did(&x.o, ok)
	return ok
}

// Pointer is atomic.Pointer.
type Pointer[T any] struct {
	v atomic.Pointer[T]
	o sched.Obj
}

func (x *Pointer[T]) Load() *T {
	sched.Point("Load")
	v := x.v.Load()
	sched.Did(&x.o, false)
	return v
}

func (x *Pointer[T]) Store(v *T) {
	sched.Point("Store")
	x.v.Store(v)
	sched.Did(&x.o, true)
}

func (x *Pointer[T]) Swap(v *T) *T {
	sched.Point("Swap")
	v = x.v.Swap(v)
	sched.Did(&x.o, true)
	return v
}

func (x *Pointer[T]) CompareAndSwap(from, to *T) bool {
	sched.Point("CompareAndSwap")
	ok := x.v.CompareAndSwap(from, to)
	sched.Did(&x.o, ok)
	return ok
}

// Value is atomic.Value.
type Value struct {
	v atomic.Value
	o sched.Obj
}

func (x *Value) Load() any {
	sched.Point("Load")
	v := x.v.Load()
	sched.Did(&x.o, false)
	return v
}

func (x *Value) Store(v any) {
	sched.Point("Store")
	x.v.Store(v)
	sched.Did(&x.o, true)
}

func (x *Value) CompareAndSwap(from, to any) bool {
	sched.Point("CompareAndSwap")
	ok := x.v.CompareAndSwap(from, to)
	sched.Did(&x.o, ok)
	return ok
}
