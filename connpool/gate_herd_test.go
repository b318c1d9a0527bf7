package connpool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// TestDialsThatGetFromTheSamePoolDoNotStandStill: each of the first keeps its
// permits until it has a slot of those who wait for permits.
func TestDialsThatGetFromTheSamePoolDoNotStandStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, free := fullGate(t)
		free()
		dials := 4 * int(g.permits.total)
		p := resourcepool.New(uint(dials), "")
		var holders []*resourcepool.Resource
		for range dials {
			r := p.Create(&foreign{})
			if err := r.Get(nil); err != nil {
				t.Fatal(err)
			}
			holders = append(holders, r)
		}
		proxied := func(context.Context, string, string) (net.Conn, error) {
			proxy := p.Create(&foreign{})
			if err := proxy.Get(nil); err != nil {
				return nil, err
			}
			return nil, errors.Join(errFake, proxy.Release())
		}
		direct := func(context.Context, string, string) (net.Conn, error) { return nil, errFake }
		done := make(chan error)
		for i, r := range holders {
			d := proxied
			if i > dials/2 {
				d = direct
			}
			go func() {
				_, err := g.dial(context.Background(), "tcp", "a:1", d, dialOptions{cancel: make(chan struct{}), verbatim: true})
				_ = r.Release()
				done <- err
			}()
			synctest.Wait()
		}
		for range dials {
			if err := <-done; !errors.Is(err, errFake) {
				t.Error(err)
			}
		}
		wantUnused(t, &g.permits)
	})
}

// TestDeadNamesDoNotKeepOthersFromDialling: there are more of them, all with
// slots, than could dial at once.
func TestDeadNamesDoNotKeepOthersFromDialling(t *testing.T) {
	g, free := fullGate(t)
	free()
	dead := 4 * int(g.permits.total)
	hang, done := make(chan struct{}), make(chan error)
	for i := range dead {
		name := fmt.Sprintf("dead%d.test", i)
		g.names.set(name, true)
		go func() {
			_, err := g.dial(context.Background(), "tcp", name+":1", func(context.Context, string, string) (net.Conn, error) {
				<-hang
				return nil, errFake
			}, dialOptions{verbatim: true})
			done <- err
		}()
	}
	testkit.Eventually(t, "all dead ones dial or wait", func() bool {
		g.permits.lock.Lock()
		defer g.permits.lock.Unlock()
		return g.permits.lane.Len()+int(g.permits.used)/2 == dead && g.permits.slow > 0
	})
	for i := range 10 {
		_, err := g.dial(context.Background(), "tcp", fmt.Sprintf("alive%d.test:1", i), dialNothing, dialOptions{verbatim: true})
		testkit.WantErr(t, "a name that is not dead", err, errFake)
	}
	select {
	case err := <-done:
		t.Fatalf("a dead one has returned, with %v", err)
	default:
	}
	close(hang)
	for range dead {
		testkit.WantErr(t, "a dead name", <-done, errFake)
	}
	wantUnused(t, &g.permits)
}
