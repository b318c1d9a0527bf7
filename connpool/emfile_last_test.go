package connpool

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestDescriptorTakenByOthersAtTheLastTry: a dial whose time was over, and to whose
// descriptor others were first, failed with connections idle.
func TestDescriptorTakenByOthersAtTheLastTry(t *testing.T) {
	for name, c := range map[string]struct {
		parked, taken int
		want          error
	}{
		"something is idle": {parked: 10, taken: quickTries + 5},
		"nothing is left":   {parked: 3, taken: 100, want: syscall.ENFILE},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, n := fakePool(t, 20, func(p *Pool) { p.DialTimeout = time.Millisecond })
				useFullSystem(t, n, 100, noSocket) // there is always one when it is looked for
				for i := range c.parked {
					get(t, p, addressOf(i)).Put()
				}
				tries := 0
				n.on = func(context.Context, string) error {
					if tries++; tries <= c.taken {
						time.Sleep(2 * time.Millisecond)
						return noSocket()
					}
					return nil
				}
				conn, err := p.Get(patient(t), "tcp", "10.2.0.1:1")
				if !errors.Is(err, c.want) {
					t.Fatalf("after %d tries: %v, want %v", tries, err, c.want)
				}
				if err == nil {
					conn.Put()
				} else if idle := p.Stats().Idle; idle != 0 {
					t.Errorf("it failed beside %d idle connections", idle)
				}
			})
		})
	}
}

// TestTimeoutBesideAFullTable: a name that does not answer times out for no want of descriptors,
// though package net could have hidden one. It has a second chance with two of its own, and then it has
// timed out: else it would close the connections of others for as long as there are any.
func TestTimeoutBesideAFullTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parked = 10
		p, n := fakePool(t, 2*parked, func(p *Pool) { p.DialTimeout = time.Second })
		for i := range parked {
			get(t, p, addressOf(i)).Put()
		}
		s := useFullSystem(t, n, parked, noSocket)
		n.on = func(ctx context.Context, _ string) error {
			<-ctx.Done()
			_, open := n.count()
			s.room.Store(int64(open)) // others have been first
			return &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
		}
		began := time.Now()
		_, err := p.Get(patient(t), "tcp", "a.test:1")
		if !timedOut(err) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.EMFILE) {
			t.Errorf("%v, want a time-out and no word of descriptors", err)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("it took %v, want two runs of a second", took)
		}
		if idle := p.Stats().Idle; idle != parked-2 {
			t.Errorf("%d of %d are idle, want two evicted", idle, parked)
		}
	})
}

// TestGetServedAfterItsMessageWithoutADescriptor: a Get took the message of its canceler, was
// served all the same, as a slot was coming free, and then found no descriptor. It
// waited for one without end, as nothing was left to cancel it.
func TestGetServedAfterItsMessageWithoutADescriptor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slots, n := usePool(t, 1), &fakeNet{}
		useFullSystem(t, n, 1, noSocket)
		dialer := dialerFunc(func(network, address string) (net.Conn, error) {
			return n.dial(context.Background(), network, address)
		})
		mustGetWith(t, newResource(t, "tcp", addressOf(0)), dialer).Put()
		closes := make(chan struct{})
		n.onClose = func() { <-closes }
		go slots.ReleaseIdle(1)
		synctest.Wait() // in the Close
		canceler, over := now(), make(chan error)
		began := time.Now()
		go func() {
			_, err := newResource(t, "tcp", addressOf(1)).GetWithDialer(canceler, dialer)
			over <- err
		}()
		synctest.Wait()
		if len(canceler) != 0 {
			t.Fatal("the Get has not waited")
		}
		haveFDs = func(uint) error { return syscall.ENFILE } // other processes are first
		n.on = func(context.Context, string) error { return noSocket() }
		close(closes)
		select {
		case err := <-over:
			wantIs(t, "Get", err, syscall.ENFILE)
		case <-time.After(testkit.Patience):
			t.Error("the Get waits without end")
		}
		if took := time.Since(began); took > lastResort {
			t.Errorf("it has waited %v, want %v at most", took, lastResort)
		}
	})
}

// TestContextThatEndsWithAPauseWithoutADescriptor: if the pause was over in the same moment, or a busy
// machine woke the dial late, it ran once more, and failed with the context's error and no
// word of descriptors.
func TestContextThatEndsWithAPauseWithoutADescriptor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 { // as either may be seen first
			ctx, cancel := context.WithCancel(t.Context())
			w := newPatience(0, &canceler{ctx: ctx})
			w.pause = 0
			cancel()
			if w.sleep() {
				t.Fatal("it is to dial though its context has ended")
			}
		}
	})
}
