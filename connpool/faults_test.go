package connpool

import (
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/resourcepool"
)

// The faults of the reference that concern this package, by their numbers in
// the contract. Faults 2, 3, 5 and 6 are tested in resourcepool.

func TestFault4PutAfterCloseDoesNotTakeTheNextHoldersConnection(t *testing.T) {
	usePool(t, 2)
	s := newServer(t, "tcp")
	cr := s.resource()
	first := mustGet(t, cr)
	wantEnd := s.accept()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	wantEOF(t, wantEnd)
	second := mustGet(t, cr)
	there := s.accept()
	first.Put()
	if _, err := cr.GetWithDialer(now(), mustNotDial(t)); err != resourcepool.ErrorPutTimeout {
		t.Fatalf("a third Get beside the second holder: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	wantTalk(t, second, there)
	second.Put()
	third := mustGetWith(t, cr, mustNotDial(t))
	wantTalk(t, third, there)
	third.Put()
}

func TestFault8Limit(t *testing.T) {
	const most = 1 << 20
	for _, c := range []struct {
		limit, open uint64
		want        uint
	}{
		{0, 0, 1},
		{0, 7, 1},
		{1, 0, 1},
		{1, 1, 1},
		{10, 0, 2},
		{10, 1, 1},
		{10, 2, 1},
		{10, 10, 1},
		{10, 11, 1}, // the limit was lowered below what is open
		{49, 0, 41},
		{49, 7, 34},
		{49, 49, 1},
		{50, 0, 42},
		{50, 7, 35},
		{50, 41, 1},
		{50, 42, 1},
		{50, 1000, 1},
		{150, 0, 141},
		{150, 7, 134},
		{1024, 0, 960},
		{1024, 7, 953},
		{1024, 959, 1},
		{1024, 1023, 1},
		{1024, ^uint64(0), 1},
		{20000, 0, 18976},
		{20000, 7, 18969},
		{20000, 19000, 1},
		{1 << 20, 0, most - 1024},
		{1 << 20, 7, most - 1024 - 7},
		{1<<20 + 1024, 0, most},
		{1<<20 + 1024, 1, most - 1},
		{1 << 40, 7, most},
		{^uint64(0), 0, most},
		{^uint64(0), 7, most},
		{^uint64(0), 1 << 63, most},
		{^uint64(0), ^uint64(0), 1},
		{^uint64(0), ^uint64(0) - 1024, 1},
		{^uint64(0), ^uint64(0) - 1025, 1},
		{^uint64(0), ^uint64(0) - 1026, 2},
	} {
		if got := slotsFor(c.limit, c.open); got != c.want {
			t.Errorf("limit %d with %d open: %d slots, want %d", c.limit, c.open, got, c.want)
		}
	}
}

func TestFault9ReuseAllocatesNothing(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "tls"} {
		t.Run(network, func(t *testing.T) {
			usePool(t, 1)
			s, d := newServerOf(t, network, true)
			cr := s.resource()
			mustGetWith(t, cr, d).Put()
			s.accept()
			cancel := make(chan struct{})
			close(cancel) // so that no Get waits
			for name, get := range map[string]func() (*Conn, error){
				"Get":           func() (*Conn, error) { return cr.Get(cancel, testkit.Patience) },
				"GetWithDialer": func() (*Conn, error) { return cr.GetWithDialer(cancel, d) },
			} {
				if n := testing.AllocsPerRun(100, func() {
					conn, err := get()
					if err != nil {
						t.Fatal(err)
					}
					conn.Put()
				}); n != 0 {
					t.Errorf("%v allocations for %s and Put", n, name)
				}
			}
		})
	}
}
