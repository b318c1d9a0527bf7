package connpool

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// fullFor runs the rest of a test with no descriptor left, until the returned function is called.
func fullFor(t *testing.T) (end func()) {
	t.Helper()
	files := eatAll(t)
	return func() {
		for _, f := range files {
			f.Close()
		}
	}
}

// parkIn parks n connections to the far end in slots of the pool.
func parkIn(t *testing.T, slots *resourcepool.Pool, n int) {
	t.Helper()
	p := &Pool{Slots: slots}
	t.Cleanup(func() { p.Close() })
	var conns []*Conn
	for range n {
		conns = append(conns, get(t, p, os.Getenv(addressVariable)))
	}
	for _, c := range conns {
		c.Put()
	}
}

// wayIn is one way to come by a descriptor in a slot of a pool. It is called before the
// table is full, and what it returns when it is.
type wayIn func(t *testing.T, slots *resourcepool.Pool) func() error

// closeAgain closes what a way in has opened.
func closeAgain(c net.Conn, err error) error {
	if err == nil {
		c.Close()
	}
	return err
}

// waysIn are all that there are. Those of ConnResource are in the pool of the process.
var waysIn = map[string]wayIn{
	"ConnResource.Get": func(t *testing.T, _ *resourcepool.Pool) func() error {
		return func() error {
			c, err := far(t).Get(now(), testkit.Patience)
			if err == nil {
				err = c.Close()
			}
			return err
		}
	},
	"ConnResource.GetContext": func(t *testing.T, _ *resourcepool.Pool) func() error {
		return func() error {
			c, err := far(t).GetContext(patient(t))
			if err == nil {
				err = c.Close()
			}
			return err
		}
	},
	"Pool.Get": func(t *testing.T, slots *resourcepool.Pool) func() error {
		return func() error {
			p := &Pool{Slots: slots}
			defer p.Close()
			c, err := p.Get(patient(t), "tcp", os.Getenv(addressVariable))
			if err == nil {
				err = c.Close()
			}
			return err
		}
	},
	"Pool.DialContext": func(t *testing.T, slots *resourcepool.Pool) func() error {
		return func() error {
			p := &Pool{Slots: slots}
			defer p.Close()
			return closeAgain(p.DialContext(patient(t), "tcp", os.Getenv(addressVariable)))
		}
	},
	"slothttp": func(t *testing.T, slots *resourcepool.Pool) func() error {
		return func() error {
			if err := slots.Acquire(patient(t), 1); err != nil {
				return err
			}
			defer slots.Free(1)
			return closeAgain(dialgate.Dial(patient(t), "tcp", os.Getenv(addressVariable), ownDial, slots, nil))
		}
	},
	"Accept": func(t *testing.T, slots *resourcepool.Pool) func() error {
		l := newTestListener(t, slots)
		connect(t, l)
		return func() error {
			defer time.AfterFunc(testkit.Patience, func() { l.Close() }).Stop() // it would try without end
			return closeAgain(l.Accept())
		}
	},
}

// TestDescriptorOfAnIdleConnectionOfAnotherPool: a dial evicted from the pool of its slot and that of the
// process, and an Accept from its own, which has nothing idle if it is for inbound
// connections alone. So both failed or stood still beside idle connections of a Sub's parent, of another
// Sub, or of a pool that the program has made for something else.
func TestDescriptorOfAnIdleConnectionOfAnotherPool(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	const slots = 8 // and none of these pools sizes itself, as that evicts too
	global, own, other := usePool(t, slots), resourcepool.New(slots, ""), resourcepool.New(slots, "")
	for where, pools := range map[string]struct{ dials, parks *resourcepool.Pool }{
		"its own pool":          {own, own},
		"the pool above":        {own.Sub(slots, ""), own},
		"a pool below":          {own, own.Sub(slots, "")},
		"a pool beside":         {own.Sub(slots, ""), own.Sub(slots, "")},
		"the process":           {own, global},
		"a Sub of the process":  {own.Sub(slots, ""), global.Sub(slots, "")},
		"beside in the process": {global.Sub(slots, ""), global.Sub(slots, "")},
		"another pool":          {own.Sub(slots, ""), other},
		"a Sub of another pool": {global.Sub(slots, ""), other.Sub(slots, "").Sub(slots, "")},
	} {
		for name, way := range waysIn {
			t.Run(name+" evicts from "+where, func(t *testing.T) {
				try := way(t, pools.dials)
				parkIn(t, pools.parks, 3)
				end := fullFor(t)
				err := try()
				end()
				if err != nil {
					t.Fatal(err)
				}
				if n := pools.parks.Stats().Idle; n != 2 {
					t.Errorf("%d of 3 are idle, want one evicted", n)
				}
			})
		}
	}
}

// TestLastTryWhileAnotherEvicts: a dial at its last try gave up, with dozens of connections idle,
// as another dial was evicting, one of whose Releases takes its time.
func TestLastTryWhileAnotherEvicts(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	slots := usePool(t, 100)              // which does not size itself, as that evicts too
	theGate.relief.evicting <- struct{}{} // as another dial does
	defer func() { <-theGate.relief.evicting }()
	for name, get := range map[string]func(*Pool) (*Conn, error){
		"an old Get at its timeout": func(*Pool) (c *Conn, err error) {
			for c == nil && (err == nil || timedOut(err)) { // a busy machine may take as long to connect
				c, err = far(t).Get(make(chan struct{}), shortestPause)
			}
			return c, err
		},
		"an old Get whose canceler speaks": func(*Pool) (*Conn, error) {
			speaks, over := make(chan struct{}), make(chan struct{})
			defer close(over)
			go func() {
				select {
				case speaks <- struct{}{}:
				case <-over:
				}
			}()
			return far(t).Get(speaks, 0)
		},
		"GetContext": func(*Pool) (*Conn, error) { return far(t).GetContext(patient(t)) },
		"Pool.Get": func(p *Pool) (*Conn, error) {
			return p.Get(patient(t), "tcp", os.Getenv(addressVariable))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Pool{Slots: slots, DialTimeout: lastResort}
			defer p.Close()
			parkIn(t, slots, 10)
			end := fullFor(t)
			c, err := get(p)
			end()
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
		})
	}
}

// TestAcceptInASubWithAFullTable: the slots of a Sub for what comes in have nothing to evict,
// and the descriptors are all with parked connections of the outbound side.
func TestAcceptInASubWithAFullTable(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	const clients, parked = 10, 50
	slots := usePool(t, 100) // which does not size itself, as that evicts too
	in := slots.Sub(2*clients, "")
	l := newTestListener(t, in)
	for range clients {
		connect(t, l)
	}
	parkIn(t, slots, parked)
	defer fullFor(t)()
	defer time.AfterFunc(testkit.Patience, func() { l.Close() }).Stop() // it would try without end
	for range clients {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	wantUsage(t, slots, clients, parked-clients)
}

// TestPoolsAreForgottenWithTheLastOfTheirUsers: that dials may evict from a pool does not
// keep it.
func TestPoolsAreForgottenWithTheLastOfTheirUsers(t *testing.T) {
	var s slotPools
	func() {
		top := resourcepool.New(1, "")
		s.add(top.Sub(1, ""))
		s.add(top)
		if all := s.all(); len(all) != 1 || all[0] != top {
			t.Fatalf("%d pools, want the top one", len(all))
		}
	}()
	testkit.Eventually(t, "forgotten", func() bool {
		runtime.GC()
		s.lock.Lock()
		defer s.lock.Unlock()
		return len(s.tops) == 0
	})
}
