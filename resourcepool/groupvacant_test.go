package resourcepool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// twice is a target whose first Allocate fails, and whose others fail when they are told to.
type twice struct {
	allocates *int
	fail      chan error
}

func (a twice) Allocate() error {
	if *a.allocates++; *a.allocates == 1 {
		return errors.New("first")
	}
	return <-a.fail
}

func (twice) Release() error { return nil }

// A member is vacant before the opening that failed in it has ended, so that it may have
// another by then. What that one comes to is told to all who wait for it, once, though
// the first ends meanwhile.
func TestOpeningInAMemberWhoseLastOneIsAboutToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(4, "")
		target := twice{new(int), make(chan error)}
		g := p.NewGroup("", 1, func() AllocateReleaser { return target })
		first, _ := g.g.beginOpen(t.Context())
		first.member.r.admit()
		err := first.member.r.open(nil, nil, timedAllocator{first})

		failure := errors.New("second")
		got := make(chan error)
		for range 2 {
			go func() {
				_, err := g.Get(context.Background())
				got <- err
			}()
			synctest.Wait()
		}
		first.ended(err, nil)
		target.fail <- failure
		for range 2 {
			synctest.Wait()
			select {
			case err := <-got:
				if err != failure {
					t.Error(err)
				}
			default:
				t.Error("a Get is not told of the failure that it waited for, but waits for another Allocate")
				target.fail <- failure
				<-got
			}
		}
		if *target.allocates != 2 {
			t.Errorf("%d Allocates, want 2", *target.allocates)
		}
		wantUsage(t, p, 0, 0, 0)
	})
}
