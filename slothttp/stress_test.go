package slothttp_test

import (
	"context"
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

// TestStress has many users, few slots, servers that hang up at random, and users
// that give up at any stage. Answers must be those to the request, the slots are
// never exceeded, and in the end none is taken (newTransport) and nothing is left
// (TestMain).
func TestStress(t *testing.T) {
	config := &http.Transport{TLSClientConfig: newSecure(t, hello).Client().Transport.(*http.Transport).TLSClientConfig}
	var servers []*counted
	for i := range 12 {
		s := newUnstarted(t, moody)
		switch i % 3 {
		case 0:
			s.Start()
		case 1:
			s.StartTLS()
		case 2:
			s.EnableHTTP2 = true
			s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 1 + i}
			s.StartTLS()
		}
		servers = append(servers, s)
	}
	tr, pool := newTransport(t, 5)
	tr.Base = config
	tr.Base.ForceAttemptHTTP2 = true
	tr.MaxConnsPerHost = 2
	tr.IdleConnTimeout = 5 * time.Millisecond
	tr.MaxConnLifetime = 50 * time.Millisecond

	var stop atomic.Bool
	time.AfterFunc(testkit.StressTime(t), func() { stop.Store(true) })
	var done sync.WaitGroup
	var answered, failed atomic.Int64
	for range 30 {
		done.Go(func() {
			for !stop.Load() {
				if stressOne(t, tr, servers[rand.N(len(servers))]) {
					answered.Add(1)
				} else {
					failed.Add(1)
				}
			}
		})
	}
	done.Go(func() { watchSlots(t, tr, pool, &stop) })
	done.Wait()
	t.Logf("%d answered, %d failed; %+v", answered.Load(), failed.Load(), pool.Stats())
	if answered.Load() == 0 {
		t.Error("nothing was answered")
	}
}

func watchSlots(t *testing.T, tr *slothttp.Transport, pool *resourcepool.Pool, stop *atomic.Bool) {
	for !stop.Load() {
		if s := pool.Stats(); s.InUse+s.Idle+s.Releasing > 5 {
			t.Errorf("more than the slots: %+v", s)
		}
		if rand.N(20) == 0 {
			tr.CloseIdleConnections()
		}
		time.Sleep(time.Millisecond)
	}
}

// moody answers, hangs up before or amid its answer, or closes after it.
func moody(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch rand.N(12) {
	case 0:
		panic(http.ErrAbortHandler)
	case 1:
		_, _ = io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case 2:
		w.Header().Set("Connection", "close")
	case 3:
		w.WriteHeader(http.StatusNoContent)
		return
	case 4:
		time.Sleep(rand.N(3 * time.Millisecond))
	}
	_, _ = io.WriteString(w, r.URL.Path+string(body))
}

func stressOne(t *testing.T, over http.RoundTripper, s *counted) bool {
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if rand.N(4) == 0 {
		time.AfterFunc(rand.N(3*time.Millisecond), cancel)
	}
	content := strings.Repeat("x", rand.N(3)*3000)
	r, _ := http.NewRequestWithContext(ctx, "POST", s.URL+"/path", strings.NewReader(content))
	response, err := over.RoundTrip(r)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	if rand.N(10) == 0 {
		return true // unread
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return false
	}
	if got := string(body); response.StatusCode == http.StatusOK && got != "/path"+content {
		t.Errorf("another's answer: %d bytes, want %d", len(got), len(content)+5)
	}
	return true
}
