package connpool

import (
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
)

// The tests of dials by name are in processes with a lowered limit. What they
// connect to is in the parent, so that its ends of the connections cost the
// child nothing.

var (
	localhost  = netip.MustParseAddr("127.0.0.1")
	localhost6 = netip.MustParseAddr("::1")
)

// farEnd is a server in the parent of a child process, which finds it by the
// environment. If v6 is full, its port of ::1 answers no attempt to connect.
func farEnd(t *testing.T, fullV6 bool) (environment string) {
	t.Helper()
	for range 50 {
		s := newServer(t, "tcp")
		if fullV6 {
			port := s.listener.Addr().(*net.TCPAddr).Port
			if !fillQueue(t, port) {
				continue // the port is another's on ::1
			}
		}
		go drain(s)
		return addressVariable + "=" + s.address
	}
	t.Fatal("no port is free on both 127.0.0.1 and ::1")
	return ""
}

// fillQueue listens on a port of ::1 with a queue that is full.
func fillQueue(t *testing.T, port int) bool {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet6{Port: port, Addr: localhost6.As16()}); err != nil {
		return false
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	testkit.FillQueue(t, fmt.Sprintf("[::1]:%d", port))
	return true
}

func farPort() string {
	_, port, _ := net.SplitHostPort(os.Getenv(addressVariable))
	return port
}

// parkAll parks a connection in each of n slots.
func parkAll(t *testing.T, n uint) {
	t.Helper()
	for range n {
		mustGet(t, newResource(t, "tcp", os.Getenv(addressVariable))).Put()
	}
}

// herd Gets a connection from each of n names at once, and returns what failed.
// A Get that succeeds keeps its connection until all have ended.
func herd(t *testing.T, n uint, get func(*ConnResource) (*Conn, error)) (failed []error) {
	t.Helper()
	errs := make([]error, n)
	conns := make([]*Conn, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		cr := newResource(t, "tcp", fmt.Sprintf("h%d.test.:%s", i, farPort()))
		wg.Go(func() {
			<-start
			conns[i], errs[i] = get(cr)
		})
	}
	close(start)
	wg.Wait()
	for i, c := range conns {
		if errs[i] != nil {
			failed = append(failed, errs[i])
		} else {
			c.Put()
		}
	}
	return failed
}

func patientGet(cr *ConnResource) (*Conn, error) { return cr.Get(nil, testkit.Patience) }

// report shows a few of many errors.
func report(t *testing.T, what string, errs []error) {
	t.Helper()
	for i, err := range errs {
		if i == 3 {
			t.Errorf("and so on: %s, %d in all", what, len(errs))
			return
		}
		t.Errorf("%s: %v", what, err)
	}
}

// herdLimits: 4096 takes half a minute in all, so it is for make stress.
func herdLimits() []uint64 {
	switch {
	case testing.Short():
		return []uint64{256}
	case os.Getenv("SLOTPOOL_STRESS") == "":
		return []uint64{256, 1024}
	}
	return []uint64{256, 1024, 4096}
}

// testHerd runs the test in a process of each limit, with all slots parked, one for
// each Get of the herd.
func testHerd(t *testing.T, fullV6 bool, names func(string) testkit.Name, test func(t *testing.T, s *testkit.NameServer, slots uint)) {
	if inChild(t) {
		var limit uint64
		fmt.Sscan(os.Getenv(limitVariable), &limit)
		setLimit(t, limit)
		s := testkit.StartNameServer(t, names)
		mustGet(t, newResource(t, "tcp", os.Getenv(addressVariable))).Close() // and the runtime's own
		wantSize(t, "the size is exact", limit)
		slots := GetResourcePool().Stats().Max
		parkAll(t, slots)
		test(t, s, slots)
		if n := s.Starved.Load(); n != 0 {
			t.Errorf("%d look-ups got no socket", n)
		}
		if n := GetResourcePool().Stats().Max; n < slots {
			t.Errorf("%d slots after the herd, %d before", n, slots)
		}
		return
	}
	for _, limit := range herdLimits() {
		runChild(t, farEnd(t, fullV6), fmt.Sprintf("%s=%d", limitVariable, limit))
	}
}

const limitVariable = "SLOTPOOL_TEST_LIMIT"

// TestHerdByNameOfASlowNameServer: a third to two thirds of these Gets failed
// with "too many open files".
func TestHerdByNameOfASlowNameServer(t *testing.T) {
	testHerd(t, false, func(string) testkit.Name {
		return testkit.Name{A: []netip.Addr{localhost}, Delay: 50 * time.Millisecond}
	}, func(t *testing.T, _ *testkit.NameServer, slots uint) {
		report(t, "a Get from a slow name server", herd(t, slots, patientGet))
		report(t, "an immediate Get from a slow name server", herd(t, slots, func(cr *ConnResource) (*Conn, error) {
			return cr.Get(now(), testkit.Patience)
		}))
		report(t, "a Get with a dialer from a slow name server", herd(t, slots, func(cr *ConnResource) (*Conn, error) {
			return cr.GetWithDialer(nil, &net.Dialer{})
		}))
		if theGate.names.has("h0.test.") {
			t.Error("a name that was found counts as slow")
		}
	})
}

// TestHerdByNameOfASilentNameServer fails with what a silent name server costs
// each Get on its own: never for want of descriptors.
func TestHerdByNameOfASilentNameServer(t *testing.T) {
	silent := func(string) testkit.Name { return testkit.Name{Silent: true} }
	testHerd(t, false, silent, func(t *testing.T, s *testkit.NameServer, slots uint) {
		failed := herd(t, slots, func(cr *ConnResource) (*Conn, error) { return cr.Get(nil, 200*time.Millisecond) })
		if uint(len(failed)) != slots {
			t.Errorf("%d of %d Gets failed", len(failed), slots)
		}
		for _, err := range failed {
			var dns *net.DNSError
			if !errors.As(err, &dns) || !dns.IsTimeout || !strings.HasSuffix(err.Error(), "i/o timeout") {
				t.Fatalf("a Get from a silent name server: %v", err)
			}
		}
		if !theGate.names.has("h0.test.") {
			t.Error("a name whose look-up timed out does not count as slow")
		}
		testkit.Eventually(t, "the sockets of the look-ups are closed", func() bool { return s.Sockets.Load() == 0 })
	})
}

// TestHerdByNameWithIPv6Blackholed has two TCP sockets a dial for 300 ms.
func TestHerdByNameWithIPv6Blackholed(t *testing.T) {
	testHerd(t, true, func(string) testkit.Name {
		return testkit.Name{A: []netip.Addr{localhost}, AAAA: []netip.Addr{localhost6}}
	}, func(t *testing.T, _ *testkit.NameServer, slots uint) {
		report(t, "a Get past a blackholed ::1", herd(t, slots, patientGet))
	})
}

// TestDialsOfOneNameShareTheLookup, as those of net.DefaultResolver do.
func TestDialsOfOneNameShareTheLookup(t *testing.T) {
	p := usePool(t, 3)
	server := newServer(t, "tcp")
	go drain(server)
	_, port, _ := net.SplitHostPort(server.address)
	s := testkit.StartNameServer(t, func(string) testkit.Name {
		for deadline := time.Now().Add(testkit.Patience); lookingUp() < 3 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		return testkit.Name{A: []netip.Addr{localhost}}
	})
	var wg sync.WaitGroup
	for range 3 {
		cr := newResource(t, "tcp", "shared.test.:"+port)
		wg.Go(func() { getAndPut(t, cr) })
	}
	wg.Wait()
	wantUsage(t, p, 0, 3)
	if n := s.Queries.Load(); n != 2 {
		t.Errorf("%d queries for three dials of one name, want 2", n)
	}
	wantUnused(t, &theGate.permits)
}

// lookingUp is how many dials wait for their look-up, which they share if it is one.
func lookingUp() (n int) {
	for stack := range strings.SplitSeq(testkit.Stacks(), "\n\n") {
		head, calls, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "[select") && strings.HasPrefix(calls, "net.(*Resolver).lookupIPAddr(") {
			n++
		}
	}
	return n
}
