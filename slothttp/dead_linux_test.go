package slothttp_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// Ten of a hundred hosts do not answer a SYN. The others lose nothing: each of
// their requests is served, also with fewer slots than dead hosts. Each user asks
// all hosts in turn, and waits for the dead ones for as long as a context lasts.
func TestDeadHosts(t *testing.T) {
	for _, slots := range []uint{8, 20} {
		t.Run(fmt.Sprintf("slots=%d", slots), func(t *testing.T) { deadHosts(t, slots) })
	}
}

// unhurt is how long a request to a healthy host may take. It is far above what a
// dial that is given up keeps its slot for (1 s), which with fewer slots than dead
// hosts a request may have to wait for, and far below what a dial may take (30 s).
const unhurt = 15 * time.Second

func deadHosts(t *testing.T, slots uint) {
	const hosts, dead, users = 100, 10, 8
	tr, pool := newTransport(t, slots)
	var urls []string
	for i := range hosts {
		if i%(hosts/dead) == 0 {
			urls = append(urls, "http://"+testkit.NewStuckDial(t).Address)
		} else {
			urls = append(urls, newServer(t, hello).URL)
		}
	}
	var served, failed atomic.Int32
	var longest atomic.Int64
	var done sync.WaitGroup
	for u := range users {
		done.Go(func() {
			for i := range hosts {
				host := (i + u*hosts/users) % hosts
				wait := testkit.Patience
				if host%(hosts/dead) == 0 {
					wait = 20 * time.Millisecond
				}
				ctx, cancel := context.WithTimeout(t.Context(), wait)
				began := time.Now()
				_, err := get(ctx, tr, urls[host])
				cancel()
				switch {
				case host%(hosts/dead) == 0:
					if err == nil {
						t.Error("a dead host answered")
					}
				case err != nil:
					failed.Add(1)
				default:
					served.Add(1)
					for took := time.Since(began).Nanoseconds(); ; {
						old := longest.Load()
						if old >= took || longest.CompareAndSwap(old, took) {
							break
						}
					}
				}
			}
		})
	}
	done.Wait()
	if want := int32(users * (hosts - dead)); served.Load() != want {
		t.Errorf("%d requests to healthy hosts were served, want %d", served.Load(), want)
	}
	slowest := time.Duration(longest.Load())
	if slowest > unhurt {
		t.Errorf("a request to a healthy host took %v", slowest)
	}
	t.Logf("%d served, the slowest in %v; %+v", served.Load(), slowest, pool.Stats())
}
