package connpool

import (
	"context"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// What a dial waits for within the gate is no cost, by which eviction would spare its connection.

const ownTime = 3 * time.Millisecond // of a dial that succeeds

// takeTime has each dial of n take time of its own, and more if it fails.
func (n *fakeNet) takeTime() {
	inner := n.on
	n.on = func(ctx context.Context, address string) error {
		if inner != nil {
			if err := inner(ctx, address); err != nil {
				time.Sleep(2 * ownTime)
				return err
			}
		}
		time.Sleep(ownTime)
		return nil
	}
}

// gateWaits are the waits, each of which ends when the function that begin returns is called.
var gateWaits = map[string]func(t *testing.T, n *fakeNet) (end func()){
	"for permits": func(*testing.T, *fakeNet) func() {
		p, all := &theGate.permits, &permit{n: 1 << 20}
		p.lock.Lock()
		p.use(all)
		p.lock.Unlock()
		return func() { p.end(all) }
	},
	"for a descriptor": func(t *testing.T, n *fakeNet) func() {
		s := useFullSystem(t, n, 0, noSocket)
		return func() { s.room.Store(100) }
	},
}

func TestWaitInTheGateIsNoCost(t *testing.T) {
	for name, wait := range gateWaits {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, n := fakePool(t, 4, nil)
				wantOwnTime(t, p.Slots, n, wait, func() error {
					c, err := p.Get(patient(t), "tcp", "a.test:1")
					if err == nil {
						c.Put()
					}
					return err
				})
			})
		})
		t.Run(name+", with a dialer", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, n := usePool(t, 4), &fakeNet{}
				r := newResource(t, "tcp", "a.test:1")
				wantOwnTime(t, p, n, wait, func() error {
					c, err := r.GetWithDialer(make(chan struct{}), dialerFunc(func(network, address string) (net.Conn, error) {
						return n.dial(context.Background(), network, address)
					}))
					if err == nil {
						c.Put()
					}
					return err
				})
			})
		})
	}
}

// wantOwnTime has a Get wait for half a minute, of which Times tells its own time alone.
func wantOwnTime(t *testing.T, p *resourcepool.Pool, n *fakeNet, wait func(*testing.T, *fakeNet) func(), get func() error) {
	t.Helper()
	end := wait(t, n)
	n.takeTime()
	got := make(chan error, 1)
	go func() { got <- get() }()
	time.Sleep(30 * time.Second) // on synctest's clock
	synctest.Wait()
	if len(got) != 0 {
		t.Fatalf("it has not waited: %v", <-got)
	}
	end()
	testkit.WantErr(t, "Get", <-got, nil)
	if h := p.Times().Allocate; h.Count() != 1 || h.Sum != ownTime {
		t.Errorf("%d dials are said to have cost %v, want %v", h.Count(), h.Sum, ownTime)
	}
}

// evictedAfter has one address wait like that, or not, and then others come: it tells which are
// evicted, in order.
func evictedAfter(t *testing.T, wait func(*testing.T, *fakeNet) func()) (evicted []string) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 3, func(p *Pool) {
			p.Trace = &Trace{Closed: func(_, address string, why CloseReason) {
				if why == ClosedEvicted {
					evicted = append(evicted, address)
				}
			}}
		})
		end := func() {}
		if wait != nil {
			end = wait(t, n)
		}
		n.takeTime()
		done := make(chan bool)
		go func() {
			get(t, p, "a.test:1").Put()
			close(done)
		}()
		time.Sleep(20 * time.Second)
		end()
		<-done
		for i := range 40 {
			get(t, p, addressOf(i%10)).Put()
		}
	})
	return evicted
}

// A wait for a descriptor may have it go sooner, as that looked for idle ones meanwhile.
func TestWhatWaitedInTheGateIsNotSpared(t *testing.T) {
	usual := slices.Index(evictedAfter(t, nil), "a.test:1")
	if usual < 0 {
		t.Fatal("it was not evicted without a wait")
	}
	for name, wait := range gateWaits {
		evicted := evictedAfter(t, wait)
		if at := slices.Index(evicted, "a.test:1"); at < 0 || at > usual {
			t.Errorf("%s: its turn was %d of %d, and %d without a wait", name, at, len(evicted), usual)
		}
	}
}
