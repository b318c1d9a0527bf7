package connpool

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestHerdByNameInOneSlot has all of its look-ups out of the reserve.
func TestHerdByNameInOneSlot(t *testing.T) {
	if !inChild(t) {
		runChild(t, farEnd(t, true))
		return
	}
	testkit.StartNameServer(t, func(string) testkit.Name {
		return testkit.Name{A: []netip.Addr{localhost}, AAAA: []netip.Addr{localhost6}, Delay: 5 * time.Millisecond}
	})
	warm, err := net.Listen("tcp", "127.0.0.1:0") // what the runtime opens
	if err != nil {
		t.Fatal(err)
	}
	warm.Close()
	setLimit(t, uint64(openFDs(t))+8+1)
	if n := GetResourcePool().Stats().Max; n != 1 {
		t.Fatalf("%d slots, want 1", n)
	}
	parkAll(t, 1)
	var wg sync.WaitGroup
	for i := range 8 {
		cr := newResource(t, "tcp", fmt.Sprintf("h%d.test.:%s", i, farPort()))
		wg.Go(func() { getAndPut(t, cr) })
	}
	wg.Wait()
}

// TestSilentNameServerAndOneSlot: each Get has the slot for as long as its own look-up may take, and
// fails with that, never for want of a descriptor. Another name is dialled afterwards.
func TestSilentNameServerAndOneSlot(t *testing.T) {
	if !inChild(t) {
		runChild(t, farEnd(t, false))
		return
	}
	s := testkit.StartNameServer(t, func(name string) testkit.Name {
		return testkit.Name{A: []netip.Addr{localhost}, Silent: name != "alive.test."}
	})
	setLimit(t, 256)
	GetResourcePool().SetMax(1)
	parkAll(t, 1)
	const dials, patience = 8, 100 * time.Millisecond
	began := time.Now()
	for _, get := range []func(cr *ConnResource) (*Conn, error){
		func(cr *ConnResource) (*Conn, error) {
			return cr.GetWithDialer(nil, &net.Dialer{Timeout: patience}) // whose look-ups are not closed at once
		},
		func(cr *ConnResource) (*Conn, error) { return cr.Get(nil, patience) },
		func(cr *ConnResource) (*Conn, error) { return cr.Get(make(chan struct{}), patience) },
	} {
		failed := herd(t, dials, get)
		if len(failed) != dials {
			t.Errorf("%d of %d Gets failed", len(failed), dials)
		}
		for _, err := range failed {
			var dns *net.DNSError
			if !errors.As(err, &dns) || !dns.IsTimeout {
				t.Errorf("a Get from a silent name server: %v", err)
			}
		}
	}
	if took := time.Since(began); took < 3*dials*patience {
		t.Errorf("all in one slot took %v, want %v at the least", took, 3*dials*patience)
	}
	conn, err := newResource(t, "tcp", "alive.test.:"+farPort()).Get(now(), testkit.Patience)
	if err != nil {
		t.Fatalf("a name that is not dead: %v", err)
	}
	conn.Put()
	if n := s.Starved.Load(); n != 0 {
		t.Errorf("%d look-ups got no socket", n)
	}
	wantUnused(t, &theGate.permits)
	wantUsage(t, GetResourcePool(), 0, 1)
}
