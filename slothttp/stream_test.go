package slothttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// held is an HTTP/2 server whose answers wait until the test says so, and which
// allows so many streams a connection.
func held(t *testing.T, streams int) (s *counted, asked *atomic.Int32, release chan struct{}) {
	t.Helper()
	asked, release = new(atomic.Int32), make(chan struct{})
	s = newUnstarted(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-release
		hello(w, r)
	})
	s.EnableHTTP2 = true
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
	s.StartTLS()
	return s, asked, release
}

// At the server's limit of streams a further connection is opened.
func TestStreamLimitOpensConnection(t *testing.T) {
	s, asked, release := held(t, 4)
	tr, pool := newTransport(t, 10)
	tr.Base = s.Client().Transport.(*http.Transport)
	errs := make(chan error)
	for range 12 {
		go func() {
			_, err := get(t.Context(), tr, s.URL)
			errs <- err
		}()
	}
	testkit.Eventually(t, "all are asked at once", func() bool { return asked.Load() == 12 })
	close(release)
	for range 12 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := s.conns.Load(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
	testkit.Eventually(t, "none is in use", func() bool { return pool.Stats().InUse == 0 })
}

// With no slot for a further connection a stream that becomes free serves who
// waits.
func TestStreamsServeWaiters(t *testing.T) {
	for _, streams := range []int{1, 2, 5} {
		s, _, release := held(t, streams)
		close(release)
		tr, pool := newTransport(t, 1)
		tr.Base = s.Client().Transport.(*http.Transport)
		all(20, func(int) {
			for range 10 {
				if _, err := get(t.Context(), tr, s.URL); err != nil {
					t.Error(err)
				}
			}
		})
		if n := pool.Stats(); n.Allocations > 20 {
			t.Errorf("%d streams: %d connections for 200 requests", streams, n.Allocations)
		}
		wantIdle(t, pool, 1)
		tr.CloseIdleConnections()
	}
}

// An HTTP/2 connection with nothing in flight is evicted as any other, and one
// with something in flight is not.
func TestStreamsAndEviction(t *testing.T) {
	s, asked, release := held(t, 100)
	tr, pool := newTransport(t, 2)
	tr.Base = s.Client().Transport.(*http.Transport)
	other := newServer(t, hello)
	third := newServer(t, hello)
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := get(t.Context(), tr, s.URL)
			done <- err
		}()
	}
	testkit.Eventually(t, "both are asked", func() bool { return asked.Load() == 2 })
	for range 3 {
		fetch(t, tr, other.URL)
		fetch(t, tr, third.URL)
	}
	close(release)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	wantIdle(t, pool, 2)
	all(1, func(int) {
		a, b := holdBody(t, tr, other.URL), holdBody(t, tr, third.URL)
		a()
		b()
	})
	if n := pool.Stats(); n.Idle != 2 {
		t.Errorf("%+v", n)
	}
}

// holdBody makes a request and keeps its connection until the returned function
// is called.
func holdBody(t *testing.T, over http.RoundTripper, url string) func() {
	t.Helper()
	r, _ := http.NewRequest("GET", url, nil)
	response, err := over.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

// The response is over, the request's body is not: the connection is in use.
func TestUploadKeepsConnection(t *testing.T) {
	got := make(chan string, 1)
	s := newSecure(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- string(body)
	})
	tr, pool := newTransport(t, 4)
	tr.Base = s.Client().Transport.(*http.Transport)
	read, write := io.Pipe()
	r, _ := http.NewRequest("POST", s.URL, read)
	response, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = io.WriteString(write, strings.Repeat("x", 1000))
		if n := pool.Stats().InUse; n != 1 {
			t.Errorf("%d in use, want 1", n)
		}
	}
	write.Close()
	if body := <-got; len(body) != 3000 {
		t.Errorf("%d bytes, want 3000", len(body))
	}
	response.Body.Close()
	wantIdle(t, pool, 1)
}

// A request that gives up while it waits for another's connection says so, as
// Transport.RoundTrip has it: with no room on the connection, and amid its dial.
func TestErrorOfWaitForStream(t *testing.T) {
	s, asked, release := held(t, 1)
	tr, _ := newTransport(t, 1)
	tr.Base = s.Client().Transport.(*http.Transport).Clone()
	dialling, proceed := holdDials(tr.Base)
	wantWaited := func(during string, queue int) {
		t.Helper()
		ctx, pass := testkit.NewDeadline(t.Context())
		var late sync.WaitGroup
		for range 3 {
			late.Go(func() {
				_, err := get(ctx, tr, s.URL)
				waited := errors.Is(err, resourcepool.ErrorPutTimeout) || errors.Is(err, resourcepool.ErrorResourceLimitExceeded)
				var timeout net.Error
				if !waited || !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Errorf("%s: %T %v", during, err, err)
				}
			})
		}
		testkit.Eventually(t, "all are in the queue", func() bool { return slothttp.Queued(tr) == queue })
		pass(nil)
		late.Wait()
	}
	first := make(chan error)
	go func() {
		_, err := get(t.Context(), tr, s.URL)
		first <- err
	}()
	<-dialling
	wantWaited("the dial", 4)
	close(proceed)
	testkit.Eventually(t, "the only stream is in use", func() bool { return asked.Load() == 1 })
	wantWaited("the exchange", 3)
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// A panic in a callback of the caller's costs no slot, and no connection.
func TestPanicInTrace(t *testing.T) {
	panics := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { panic("trace") }})
	for name, s := range map[string]*counted{"http": newServer(t, hello), "http2": newSecure(t, hello)} {
		t.Run(name, func(t *testing.T) {
			tr, pool := newTransport(t, 1)
			tr.Base = s.Client().Transport.(*http.Transport)
			var late lateness
			for range 2 {
				testkit.WantPanic(t, "trace", func() { _, _ = get(panics, tr, s.URL) })
				wantIdle(t, pool, 1)
				late.fetch(t, tr, s.URL)
			}
			if n := s.conns.Load(); n > 1+int32(late) {
				t.Errorf("%d connections, want 1, and %d requests were late", n, late)
			}
		})
	}
}
