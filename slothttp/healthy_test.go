package slothttp_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// Connections are evicted, time out, age, and are closed from outside, while the
// number of slots changes. None of that fails a request to a healthy server, not
// even one that cannot be repeated.
func TestNothingFailsBesideEviction(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			servers, base := k.servers(t, 6, mirror)
			tr, pool := newTransport(t, 3)
			tr.Base = base
			tr.MaxConnsPerHost = 2
			tr.IdleConnTimeout = 2 * time.Millisecond
			tr.MaxConnLifetime = 7 * time.Millisecond
			var stop atomic.Bool
			time.AfterFunc(testkit.StressTime(t), func() { stop.Store(true) })
			var answered atomic.Int64
			var done sync.WaitGroup
			done.Go(func() { disturb(tr, pool, &stop) })
			for range 12 {
				done.Go(func() {
					for !stop.Load() {
						if err := mirrored(t.Context(), tr, servers[rand.N(len(servers))].URL, k.streams != 0); err != nil {
							t.Errorf("%T %v", err, err)
							return
						}
						answered.Add(1)
					}
				})
			}
			done.Wait()
			t.Logf("%d answered; %+v", answered.Load(), pool.Stats())
		})
	}
}

// disturb takes idle connections away in each way there is.
func disturb(tr *slothttp.Transport, pool *resourcepool.Pool, stop *atomic.Bool) {
	for !stop.Load() {
		switch rand.N(3) {
		case 0:
			tr.CloseIdleConnections()
		case 1:
			pool.ReleaseIdle(1)
		case 2:
			pool.SetMax(1 + rand.N(uint(4)))
		}
		time.Sleep(rand.N(2 * time.Millisecond)) // that is how often
	}
}

// mirror answers with what it was sent, or with nothing to an odd number of bytes.
func mirror(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if len(body)%2 == 1 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = w.Write(body)
}

// mirrored makes a POST to mirror. Its body cannot be had again, unless it is to be
// repeatable: a server that allows few streams may refuse one before it has said so.
func mirrored(ctx context.Context, over http.RoundTripper, url string, repeatable bool) error {
	ctx, cancel := context.WithTimeout(ctx, testkit.Patience)
	defer cancel()
	content := strings.Repeat("x", rand.N(3000))
	r, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(content))
	if err != nil {
		return err
	}
	if !repeatable {
		r.GetBody = nil
	}
	response, err := over.RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if want := len(content) * (1 - len(content)%2); err == nil && len(body) != want {
		err = errors.New("another's answer")
	}
	return err
}
