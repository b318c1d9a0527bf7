package connpool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The errors here name the limit that was met, and its value.

// noSlotInTime is the cause when DialTimeout, which it is, has passed without a slot.
type noSlotInTime time.Duration

func (d noSlotInTime) Error() string {
	return fmt.Sprintf("no slot within DialTimeout %v", time.Duration(d))
}
func (noSlotInTime) Unwrap() error { return context.DeadlineExceeded }

// dialTimeout is the cause of the context of a dial that has had DialTimeout, which it is.
type dialTimeout time.Duration

func (d dialTimeout) Error() string {
	return fmt.Sprintf("DialTimeout %v has passed", time.Duration(d))
}
func (dialTimeout) Unwrap() error   { return context.DeadlineExceeded }
func (dialTimeout) Timeout() bool   { return true }
func (dialTimeout) Temporary() bool { return true }

// lateDial is the error of a dial that DialTimeout has ended.
type lateDial struct {
	err   error // as DialFunc returned it
	after dialTimeout
}

// late makes a lateDial of the error of DialFunc if it is one. ctx is what DialFunc had.
func late(ctx context.Context, err error) error {
	after, ok := context.Cause(ctx).(dialTimeout)
	if ok && timedOut(err) && !errors.Is(err, after) { // else it names it already
		return &lateDial{err, after}
	}
	return err
}

func (e *lateDial) Error() string {
	return fmt.Sprintf("%v (DialTimeout is %v)", e.err, time.Duration(e.after))
}
func (e *lateDial) Unwrap() error { return e.err }

// several are errors that happened together, told in one line.
type several struct{ errs []error }

// and is errors.Join with a text of one line.
func and(err, next error) error {
	switch all, ok := err.(*several); {
	case next == nil:
		return err
	case err == nil:
		return next
	case ok:
		return &several{append(all.errs, next)}
	}
	return &several{[]error{err, next}}
}

func (s *several) Error() string {
	var texts []string
	for _, err := range s.errs {
		texts = append(texts, err.Error())
	}
	return inOneLine(strings.Join(texts, "; "))
}

func (s *several) Unwrap() []error { return s.errs }

// inOneLine is for texts that others have made, such as that of errors.Join.
func inOneLine(text string) string { return strings.ReplaceAll(text, "\n", "; ") }
