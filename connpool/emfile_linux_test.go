package connpool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// eatAll opens files until there is no descriptor left.
func eatAll(t *testing.T) (files []*os.File) {
	t.Helper()
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		t.Cleanup(func() { f.Close() })
	}
}

// inChildWithLimit runs the test in a process with so many descriptors and the
// far end in this one.
func inChildWithLimit(t *testing.T, limit uint64) bool {
	t.Helper()
	if !inChild(t) {
		runChild(t, farEnd(t, false))
		return false
	}
	setLimit(t, limit)
	theSizer.every = 20 * time.Millisecond // so that no test waits for a second
	return true
}

func far(t *testing.T) *ConnResource {
	return newResource(t, "tcp", os.Getenv(addressVariable))
}

// wantStarved checks that the error of a Get is the dial's own.
func wantStarved(t *testing.T, what string, err error) {
	t.Helper()
	if e, ok := err.(*net.OpError); !ok || !errors.Is(e, syscall.EMFILE) {
		t.Fatalf("%s: %T %v, want the *net.OpError of the dial, for want of a descriptor", what, err, err)
	}
}

// TestGetBesideIdleConnectionsWithoutADescriptor: other code has taken all that
// were left, and Get returned EMFILE beside 60 parked connections.
func TestGetBesideIdleConnectionsWithoutADescriptor(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	testkit.StartNameServer(t, func(string) testkit.Name {
		return testkit.Name{A: []netip.Addr{localhost}, AAAA: []netip.Addr{localhost6}}
	})
	for name, get := range map[string]func() (*Conn, error){
		"by address": func() (*Conn, error) { return far(t).Get(now(), testkit.Patience) },
		"by name": func() (*Conn, error) {
			return newResource(t, "tcp", "far.test.:"+farPort()).Get(now(), testkit.Patience)
		},
		"by name, with a dialer": func() (*Conn, error) {
			return newResource(t, "tcp", "far.test.:"+farPort()).GetWithDialer(now(), &net.Dialer{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			parkAll(t, 60)
			files := eatAll(t)
			conn, err := get()
			if err != nil {
				t.Fatal(err)
			}
			conn.Put()
			for _, f := range files {
				f.Close()
			}
		})
	}
}

// TestHerdWithoutADescriptorEvictsAFew: there is one connection too few for
// each that dials, not more. The size has nothing to say in it.
func TestHerdWithoutADescriptorEvictsAFew(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	const parked, dials = 100, 10
	p := usePool(t, 200)
	parkAll(t, parked)
	eatAll(t)
	var wg sync.WaitGroup
	for range dials {
		cr := far(t)
		wg.Go(func() {
			conn, err := cr.Get(now(), testkit.Patience)
			if err != nil {
				t.Error(err)
				return
			}
			conn.Put()
		})
	}
	wg.Wait()
	if st := p.Stats(); st.Idle < parked-dials/2 || st.Idle > parked {
		t.Errorf("%d idle connections, which were %d before %d dials", st.Idle, parked, dials)
	}
}

// TestGetAfterTheLimitWasLowered: only a number below it helps.
func TestGetAfterTheLimitWasLowered(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	slots := GetResourcePool().Stats().Max
	parkAll(t, slots)
	setLimit(t, 128)
	for range 200 {
		conn, err := far(t).Get(now(), testkit.Patience)
		if err != nil {
			t.Fatal(err)
		}
		conn.Put()
	}
	testkit.Eventually(t, "the pool fits under the lowered limit", func() bool {
		st := GetResourcePool().Stats()
		return st.Idle == st.Max && st.Max == slotsFor(128, uint64(openFDs(t)-st.Idle))
	})
}

// TestGetWithNothingToEvictWaits until a descriptor is free.
func TestGetWithNothingToEvictWaits(t *testing.T) {
	if !inChildWithLimit(t, 64) {
		return
	}
	mustGet(t, far(t)).Close() // so that all is open that the dial needs
	files := eatAll(t)
	done := make(chan error)
	cr := far(t)
	tries := make(chan struct{})
	go func() {
		conn, err := cr.GetWithDialer(make(chan struct{}), dialerFunc(func(network, address string) (net.Conn, error) {
			tries <- struct{}{}
			return net.Dial(network, address)
		}))
		if err == nil {
			conn.Put()
		}
		done <- err
	}()
	for range 4 {
		<-tries
	}
	files[0].Close()
	for {
		select {
		case <-tries:
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

// TestGetWithoutADescriptorEnds by each of what may end it, with the error of the
// dial as it is.
func TestGetWithoutADescriptorEnds(t *testing.T) {
	if !inChildWithLimit(t, 64) {
		return
	}
	mustGet(t, far(t)).Close()
	eatAll(t)
	began := time.Now()
	_, err := far(t).Get(nil, 0)
	wantStarved(t, "a Get without a timeout", err)
	if d := time.Since(began); d < lastResort/2 || d > testkit.Patience {
		t.Errorf("it has waited for %v, want %v", d, lastResort)
	}
	_, err = far(t).Get(nil, lastResort/2)
	wantStarved(t, "a Get with a timeout", err)
	canceler := now()
	_, err = far(t).Get(canceler, 0)
	wantStarved(t, "an immediate Get", err)
	if len(canceler) != 1 {
		t.Error("an immediate Get has taken the message, though it did not wait")
	}
	closed := make(chan struct{})
	close(closed)
	_, err = far(t).Get(closed, 0)
	wantStarved(t, "a Get with a closed canceler", err)

	cancel, tried := make(chan struct{}), make(chan struct{}, 100)
	done := make(chan error)
	go func() {
		_, err := far(t).GetWithDialer(cancel, dialerFunc(func(network, address string) (net.Conn, error) {
			tried <- struct{}{}
			return net.Dial(network, address)
		}))
		done <- err
	}()
	<-tried
	<-tried
	cancel <- struct{}{} // taken only by a Get that waits on this very channel
	wantStarved(t, "a Get that was cancelled", <-done)
	wantUsage(t, GetResourcePool(), 0, 0)
}

// TestErrorWithoutADescriptorNamesTheLimit for whoever has a context.
func TestErrorWithoutADescriptorNamesTheLimit(t *testing.T) {
	if !inChildWithLimit(t, 64) {
		return
	}
	mustGet(t, far(t)).Close()
	eatAll(t)
	cause := errors.New("the cause")
	for name, address := range map[string]string{"address": os.Getenv(addressVariable), "name": "far.test.:1"} {
		ctx, cancel := context.WithTimeoutCause(t.Context(), lastResort/2, cause)
		_, err := theGate.dial(ctx, "tcp", address, ownDial, dialOptions{pool: GetResourcePool(), timeout: testkit.Patience})
		cancel()
		for _, want := range []error{syscall.EMFILE, context.DeadlineExceeded, cause} {
			if !errors.Is(err, want) {
				t.Errorf("by %s: %v is not %v", name, err, want)
			}
		}
		for _, want := range []string{"tcp " + address, fmt.Sprintf("%d open", openFDs(t)), "limit 64", "slots in use"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("by %s: %v does not say %q", name, err, want)
			}
		}
		if e, ok := err.(net.Error); !ok || !e.Timeout() {
			t.Errorf("by %s: %T %v is no time-out", name, err, err)
		}
	}
}

// TestGetThatGivesUpWithoutADescriptorNamesTheLimit, though its dial goes on.
func TestGetThatGivesUpWithoutADescriptorNamesTheLimit(t *testing.T) {
	if !inChildWithLimit(t, 64) {
		return
	}
	mustGet(t, far(t)).Close()
	eatAll(t)
	address, cause := os.Getenv(addressVariable), errors.New("the cause")
	p := &Pool{Slots: resourcepool.New(2, "")}
	defer p.Close()
	for name, get := range map[string]func(ctx context.Context) error{
		"GetContext": func(ctx context.Context) error { _, err := far(t).GetContext(ctx); return err },
		"Pool.Get":   func(ctx context.Context) error { _, err := p.Get(ctx, "tcp", address); return err },
	} {
		ctx, cancel := context.WithTimeoutCause(t.Context(), lastResort/2, cause)
		err := get(ctx)
		cancel()
		for _, want := range []error{syscall.EMFILE, context.DeadlineExceeded, cause, resourcepool.ErrorPutTimeout} {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v is not %v", name, err, want)
			}
		}
		for _, want := range []string{address, "open", "limit 64", "slots in use"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", name, err, want)
			}
		}
		if e, ok := err.(net.Error); !ok || !e.Timeout() {
			t.Errorf("%s: %T %v is no time-out", name, err, err)
		}
	}
}

// TestOtherErrorsAreNotTakenForWantOfDescriptors, though they look like those
// in which package net hides it.
func TestOtherErrorsAreNotTakenForWantOfDescriptors(t *testing.T) {
	testkit.StartNameServer(t, func(string) testkit.Name { return testkit.Name{Nobody: true} })
	p := usePool(t, 2)
	mustGetWith(t, newResource(t, "tcp", "nowhere:1"), newPipe(t)).Put()
	_, err := newResource(t, "tcp", "none.test.:1").Get(now(), testkit.Patience)
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound {
		t.Fatalf("%v, want no such host", err)
	}
	wantUsage(t, p, 0, 1)
}
