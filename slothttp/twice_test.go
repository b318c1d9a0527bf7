package slothttp_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// onceOnly is a server that hangs up at any point, and counts how often it has read each
// request to its end.
type onceOnly struct {
	mu   sync.Mutex
	read map[string]int
}

func (o *onceOnly) serve(w http.ResponseWriter, r *http.Request) {
	if rand.N(10) == 0 {
		panic(http.ErrAbortHandler)
	}
	if _, err := io.Copy(io.Discard, r.Body); err == nil {
		o.mu.Lock()
		o.read[r.Header.Get("X-Number")]++
		o.mu.Unlock()
	}
	switch rand.N(10) {
	case 0:
		panic(http.ErrAbortHandler)
	case 1:
		w.Header().Set("Connection", "close")
	case 2:
		w.WriteHeader(http.StatusEarlyHints)
		panic(http.ErrAbortHandler)
	case 3:
		reset(w)
		return
	}
	hello(w, r)
}

// reset hangs up with a reset, where that can be.
func reset(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	if c, _, err := h.Hijack(); err == nil {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		c.Close()
	}
}

// A POST that a server has read is not made a second time, whatever the server does, and
// whenever it hangs up.
func TestNoPostIsMadeTwice(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			o := &onceOnly{read: make(map[string]int)}
			servers, base := k.servers(t, 4, o.serve)
			tr, _ := newTransport(t, 3)
			tr.Base = base
			tr.MaxConnLifetime = 20 * time.Millisecond
			var stop atomic.Bool
			time.AfterFunc(testkit.StressTime(t), func() { stop.Store(true) })
			var number, failed atomic.Int64
			var done sync.WaitGroup
			done.Go(func() {
				for !stop.Load() {
					servers[rand.N(len(servers))].CloseClientConnections()
					time.Sleep(rand.N(10 * time.Millisecond)) // that is how often
				}
			})
			for range 12 {
				done.Go(func() {
					for !stop.Load() {
						if !post(t, tr, servers[rand.N(len(servers))].URL, number.Add(1)) {
							failed.Add(1)
						}
					}
				})
			}
			done.Wait()
			o.mu.Lock()
			defer o.mu.Unlock()
			t.Logf("%d requests, %d read to their ends, %d failed", number.Load(), len(o.read), failed.Load())
			for n, times := range o.read {
				if times > 1 {
					t.Errorf("request %s was made %d times", n, times)
				}
			}
		})
	}
}

func post(t *testing.T, over http.RoundTripper, url string, number int64) bool {
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if rand.N(5) == 0 {
		time.AfterFunc(rand.N(3*time.Millisecond), cancel)
	}
	r, _ := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(strings.Repeat("x", rand.N(20000))))
	r.Header.Set("X-Number", strconv.FormatInt(number, 10))
	if rand.N(3) == 0 {
		r.Header.Set("Expect", "100-continue")
	}
	response, err := over.RoundTrip(r)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	if rand.N(8) == 0 {
		return true // unread
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil
}
