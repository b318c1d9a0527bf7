package slothttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

func TestMain(m *testing.M) { os.Exit(testkit.Run(m)) }

// newTransport returns a Transport with slots of its own. At the end of the test
// none of them may be in use.
func newTransport(t *testing.T, slots uint) (*slothttp.Transport, *resourcepool.Pool) {
	t.Helper()
	pool := resourcepool.New(slots, "")
	tr := &slothttp.Transport{Base: &http.Transport{}, Slots: pool}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		testkit.Eventually(t, "no slot is taken", func() bool {
			s := pool.Stats()
			return s.InUse+s.Idle+s.Releasing == 0
		})
	})
	return tr, pool
}

func wantIdle(t *testing.T, pool *resourcepool.Pool, want uint) {
	t.Helper()
	testkit.Eventually(t, "all are idle", func() bool { s := pool.Stats(); return s.Idle == want && s.InUse == 0 })
}

// counted is a server that counts its connections.
type counted struct {
	*httptest.Server
	conns atomic.Int32
}

func newServer(t *testing.T, h http.HandlerFunc) *counted {
	t.Helper()
	s := newUnstarted(t, h)
	s.Start()
	return s
}

func newUnstarted(t *testing.T, h http.HandlerFunc) *counted {
	t.Helper()
	s := &counted{Server: httptest.NewUnstartedServer(h)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func connsOf(all []*counted) (n int32) {
	for _, s := range all {
		n += s.conns.Load()
	}
	return n
}

func newServers(t *testing.T, n int) (all []*counted) {
	t.Helper()
	for range n {
		all = append(all, newServer(t, hello))
	}
	return all
}

func hello(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello "+r.URL.Path) }

// lateness counts exchanges that took so long that net/http may have given their
// connections up: see writerPatience.
type lateness int32

func (l *lateness) fetch(t *testing.T, over http.RoundTripper, url string) string {
	t.Helper()
	began := time.Now()
	body := fetch(t, over, url)
	if time.Since(began) >= writerPatience {
		*l++
	}
	return body
}

// fetch makes a GET and reads the answer.
func fetch(t *testing.T, over http.RoundTripper, url string) string {
	t.Helper()
	body, err := get(t.Context(), over, url)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func get(ctx context.Context, over http.RoundTripper, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := over.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// lateAmidWait makes a request whose deadline is past once it waits for a slot.
func lateAmidWait(t *testing.T, pool *resourcepool.Pool, cause error, request func(context.Context) error) error {
	t.Helper()
	ctx, pass := testkit.NewDeadline(t.Context())
	late := make(chan error, 1)
	go func() { late <- request(ctx) }()
	testkit.Eventually(t, "it waits", func() bool { return pool.Stats().Waiting == 1 })
	pass(cause)
	return <-late
}

// all runs f n times at once.
func all(n int, f func(i int)) {
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() { f(i) })
	}
	done.Wait()
}
