package connpool

import (
	"net"
	"os"
	"sync"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

// TestFault8PoolIsMadeAtFirstUse by the limit of that moment, though there
// are ConnResources already.
func TestFault8PoolIsMadeAtFirstUse(t *testing.T) {
	if !inChild(t) {
		runChild(t)
		return
	}
	cr, unused := New("tcp", "127.0.0.1:1"), New("tcp", "127.0.0.1:1")
	unused.ScheduleClose() // no use of a pool either
	setLimit(t, 150)
	want := 150 - openFDs(t) - 9 // 9 is 150/16
	if got := GetResourcePool().Stats().Max; got != want {
		t.Errorf("%d slots, want %d", got, want)
	}
	if conn, err := cr.GetWithDialer(now(), newPipe(t)); err != nil {
		t.Error(err)
	} else {
		conn.Put()
	}
	if name := GetResourcePool().Name(); name != "connections" {
		t.Errorf("the pool is named %q", name)
	}
	cr.ScheduleClose()
}

// TestFault8PoolWithFewDescriptors has one slot at the least, and it works.
func TestFault8PoolWithFewDescriptors(t *testing.T) {
	if !inChild(t) {
		runChild(t)
		return
	}
	s := newServer(t, "tcp")
	_ = openFDs(t) // the network is in use, so there is nothing more to open
	setLimit(t, uint64(openFDs(t))+4)
	for range 3 {
		for range 2 {
			cr := s.resource()
			conn, err := cr.Get(now(), testkit.Patience)
			if err != nil {
				t.Fatal(err)
			}
			there := s.accept()
			wantTalk(t, conn, there)
			conn.Put()
			cr.ScheduleClose()
			wantEOF(t, there)
			there.Close()
		}
	}
	if got := GetResourcePool().Stats().Max; got != 1 {
		t.Errorf("%d slots, want 1", got)
	}
}

func TestFault8PoolIsMadeOnceUnderConcurrentFirstUse(t *testing.T) {
	if !inChild(t) {
		for range 5 {
			runChild(t)
		}
		return
	}
	const users = 64
	shared := newResource(t, "tcp", "nowhere:1")
	pipes := make([]*pipe, 2*users)
	for i := range pipes {
		pipes[i] = newPipe(t)
		defer pipes[i].Conn.Close()
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	pools := make([]*resourcepool.Pool, users)
	for i := range users {
		own := newResource(t, "tcp", "nowhere:1")
		wg.Go(func() {
			<-start
			if i%3 == 0 {
				pools[i] = GetResourcePool()
			}
			for j, cr := range []*ConnResource{own, shared} {
				conn, err := cr.GetWithDialer(nil, pipes[2*i+j])
				if err != nil {
					t.Error(err)
					return
				}
				conn.Put()
			}
			pools[i] = GetResourcePool()
		})
	}
	close(start)
	wg.Wait()
	wantOneGlobalPool(t, pools)
	if st := GetResourcePool().Stats(); st.Gets != 2*users || st.Allocations != users+1 {
		t.Errorf("%d Gets, %d dials; want %d, %d", st.Gets, st.Allocations, 2*users, users+1)
	}
}

func wantOneGlobalPool(t *testing.T, pools []*resourcepool.Pool) {
	t.Helper()
	for _, p := range pools {
		if p != pools[0] {
			t.Fatal("there are two global pools")
		}
	}
	named := 0
	for name := range resourcepool.Pools() {
		if name == "connections" {
			named++
		}
	}
	if named != 1 {
		t.Errorf("%d pools are named connections", named)
	}
}

// TestNoMoreDescriptorsThanSlots goes through more addresses than there are
// descriptors, most of them idle at any time.
func TestNoMoreDescriptorsThanSlots(t *testing.T) {
	if !inChild(t) {
		s := newServer(t, "tcp")
		go drain(s)
		runChild(t, addressVariable+"="+s.address)
		return
	}
	setLimit(t, 64)
	const others = 3 // the runtime's epoll and its eventfd, and the epoll of the watch
	before := openFDs(t)
	slots := GetResourcePool().Stats().Max
	if slots == 0 || slots > 64 {
		t.Fatalf("%d slots", slots)
	}
	for range 200 {
		conn, err := newResource(t, "tcp", os.Getenv(addressVariable)).GetWithDialer(now(), &net.Dialer{})
		if err != nil {
			t.Fatal(err)
		}
		conn.Put()
		if n := openFDs(t); n > before+slots+others {
			t.Fatalf("%d descriptors with %d slots and %d at the start", n, slots, before)
		}
	}
	// These may have been opened meanwhile; the pool is then smaller by that much.
	if st := GetResourcePool().Stats(); st.Idle != st.Max || st.Max > slots || st.Max < slots-others {
		t.Errorf("%d idle in %d slots, which were %d", st.Idle, st.Max, slots)
	}
}

// drain accepts what comes, until the listener is closed.
func drain(s *server) {
	for range s.accepted {
	}
}

const addressVariable = "SLOTPOOL_TEST_ADDRESS"
