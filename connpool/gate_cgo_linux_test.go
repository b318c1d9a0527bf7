//go:build cgo

package connpool

import (
	"context"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// The tests of look-ups through the C library, which a build without cgo has not.

// inChildWithCgo runs the test in a process whose look-ups go through the C library. That finds
// localhost in the hosts file, so that nobody else is asked. asked counts what package net asks
// for sockets nevertheless.
func inChildWithCgo(t *testing.T, environment ...string) (asked *atomic.Int64, child bool) {
	t.Helper()
	if !inChild(t) {
		runChild(t, append(environment, "GODEBUG=netdns=cgo")...)
		return nil, false
	}
	asked = new(atomic.Int64)
	dial := net.DefaultResolver.Dial
	net.DefaultResolver.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		asked.Add(1)
		return nil, errFake
	}
	t.Cleanup(func() { net.DefaultResolver.Dial = dial })
	return asked, true
}

// TestLookupThroughTheCLibraryCountsTwo for the whole dial, as nothing of it can be seen.
func TestLookupThroughTheCLibraryCountsTwo(t *testing.T) {
	asked, child := inChildWithCgo(t)
	if !child {
		return
	}
	const dials, synSent = 3, "02"
	usePool(t, dials)
	stuck := testkit.NewStuckDial(t)
	_, digits, _ := net.SplitHostPort(stuck.Address)
	port, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range dials {
		cr := newResource(t, "tcp4", "localhost:"+digits)
		go func() {
			conn, err := cr.Get(nil, testkit.Patience)
			if err == nil {
				err = conn.Close()
			}
			done <- err
		}()
	}
	testkit.Eventually(t, "all have been looked up, and connect", func() bool { return inState(t, port, synSent) == dials })
	theGate.permits.lock.Lock()
	used, stray := theGate.permits.used, theGate.permits.stray
	theGate.permits.lock.Unlock()
	if used != 2*dials || stray != 0 {
		t.Errorf("%d permits for %d dials and %d strays, want %d and 0", used, dials, stray, 2*dials)
	}
	stuck.Refuse()
	for range dials {
		if err := <-done; err == nil {
			t.Error("a dial of a full queue succeeded")
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d look-ups did not go through the C library: this shows nothing", n)
	}
	wantUnused(t, &theGate.permits)
}

// TestHerdThroughTheCLibrary: as many Gets by name as there are slots, all parked.
func TestHerdThroughTheCLibrary(t *testing.T) {
	asked, child := inChildWithCgo(t, farEnd(t, false))
	if !child {
		return
	}
	setLimit(t, 256)
	mustGet(t, newResource(t, "tcp", os.Getenv(addressVariable))).Close() // and the runtime's own
	wantSize(t, "the size is exact", 256)
	slots := GetResourcePool().Stats().Max
	for _, cancel := range []func() <-chan struct{}{
		func() <-chan struct{} { return nil },
		resourcepool.MakeImmediateCanceler,
	} {
		parkAll(t, slots)
		conns := make([]*Conn, slots)
		var herd sync.WaitGroup
		for i := range conns {
			cr := newResource(t, "tcp", "localhost:"+farPort())
			herd.Go(func() {
				var err error
				if conns[i], err = cr.Get(cancel(), testkit.Patience); err != nil {
					t.Error(err)
				}
			})
		}
		herd.Wait()
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d look-ups did not go through the C library: this shows nothing", n)
	}
	wantUnused(t, &theGate.permits)
}
