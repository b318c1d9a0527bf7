package slothttp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// Ten of a hundred hosts do not answer a SYN. Each request to one of the others is served, also
// with fewer slots than dead hosts. Each user asks all hosts in turn, and waits for
// the dead ones for as long as a context lasts.
func TestDeadHosts(t *testing.T) {
	for _, slots := range []uint{8, 20} {
		t.Run(fmt.Sprintf("slots=%d", slots), func(t *testing.T) { deadHosts(t, slots) })
	}
}

func deadHosts(t *testing.T, slots uint) {
	const hosts, dead, users = 100, 10, 8
	tr, pool := newTransport(t, slots)
	var urls []string
	for i := range hosts {
		if i%(hosts/dead) == 0 {
			urls = append(urls, deadURL(t))
		} else {
			urls = append(urls, newServer(t, hello).URL)
		}
	}
	all(users, func(u int) {
		for i := range hosts {
			host := (i + u*hosts/users) % hosts
			isDead, wait := host%(hosts/dead) == 0, testkit.Patience
			if isDead {
				wait = 20 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			_, err := get(ctx, tr, urls[host])
			cancel()
			if isDead && err == nil {
				t.Error("a dead host answered")
			} else if !isDead && err != nil {
				t.Errorf("a request to a healthy host: %v", err)
			}
		}
	})
	t.Logf("%+v", pool.Stats())
}

// The first dials of dead hosts had all slots for as long as a dial may take, as their users
// waited for that. Now they are ended before, where others want the slots.
func TestFirstDialsOfDeadHostsDoNotKeepAllSlots(t *testing.T) {
	const slots, healthy, dead = 8, 20, 10
	tr, _ := newTransport(t, slots)
	var begun, ended atomic.Int32
	tr.Base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "dead") {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		begun.Add(1)
		<-ctx.Done()
		if ctx.Err() == context.Canceled { // not by the clock
			ended.Add(1)
		}
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	var users sync.WaitGroup
	defer users.Wait()
	defer cancel()
	for i := range dead {
		users.Go(func() {
			if _, err := get(ctx, tr, fmt.Sprintf("http://dead%d.test/", i)); ctx.Err() == nil && errors.Is(err, context.Canceled) {
				t.Errorf("a request was told that its dial was ended: %v", err)
			}
		})
	}
	testkit.Eventually(t, "all slots are with dead hosts", func() bool { return begun.Load() >= slots })
	for range healthy {
		fetch(t, tr, newServer(t, hello).URL)
	}
	if ended.Load() == 0 { // how many are depends on when somebody wants a slot
		t.Error("they were served only when the dials of dead hosts had ended by the clock")
	}
}

// deadURL returns the URL of a host that does not answer a SYN.
func deadURL(t *testing.T) string {
	t.Helper()
	return "http://" + testkit.NewStuckDial(t).Address
}

// askDead starts a user for each of some dead hosts, who asks it again and again until the test
// ends, and waits until all have been dialled in vain.
func askDead(t *testing.T, over http.RoundTripper, hosts int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var users sync.WaitGroup
	t.Cleanup(users.Wait)
	t.Cleanup(cancel)
	var refused atomic.Int32
	for range hosts {
		url := deadURL(t)
		users.Go(func() {
			first := sync.OnceFunc(func() { refused.Add(1) })
			for ctx.Err() == nil {
				if _, err := get(ctx, over, url); err == nil {
					t.Error("a dead host answered")
				}
				first()
			}
		})
	}
	testkit.Eventually(t, "all have been dialled", func() bool { return refused.Load() == int32(hosts) })
}
