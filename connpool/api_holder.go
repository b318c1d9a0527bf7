package connpool

import (
	"runtime"
	"time"
)

// Holder is the user of a connection that Get, TryGet or Do gave out.
type Holder struct {
	Network, Address string

	// Since is when, and Stack is where, the user got it. Both are zero without
	// Pool.HoldWarning, and while the connection is on its way to the user.
	Since time.Time
	Stack []uintptr
}

// Frames returns the functions of Stack, innermost first.
func (h Holder) Frames() *runtime.Frames { return runtime.CallersFrames(h.Stack) }
