package slothttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

func TestMaxConnsPerHost(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		hello(w, r)
		mu.Lock()
		now--
		mu.Unlock()
	})
	tr, pool := newTransport(t, 10)
	tr.MaxConnsPerHost = 3
	all(20, func(int) {
		for range 10 {
			if _, err := get(t.Context(), tr, s.URL); err != nil {
				t.Error(err)
			}
		}
	})
	if most > 3 || s.conns.Load() > 3 {
		t.Errorf("%d requests at once over %d connections, want at most 3", most, s.conns.Load())
	}
	if n := pool.Stats().Idle; n > 3 {
		t.Errorf("%d idle, want at most 3", n)
	}
}

func TestIdleConnTimeout(t *testing.T) {
	for _, s := range []*counted{newServer(t, hello), newSecure(t, hello)} {
		tr, pool := newTransport(t, 4)
		tr.Base = s.Client().Transport.(*http.Transport)
		tr.IdleConnTimeout = 50 * time.Millisecond
		for range 3 {
			fetch(t, tr, s.URL)
			wantIdle(t, pool, 0)
		}
	}
}

// The time-out of a connection that is in use meanwhile begins anew.
func TestIdleConnTimeoutInUse(t *testing.T) {
	tr, pool := newTransport(t, 4)
	tr.IdleConnTimeout = 30 * time.Millisecond
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(100 * time.Millisecond) // the handler is what takes long
		hello(w, r)
	})
	fetch(t, tr, s.URL)
	wantIdle(t, pool, 0)
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestMaxConnLifetime(t *testing.T) {
	for name, s := range map[string]*counted{"http": newServer(t, hello), "http2": newSecure(t, hello)} {
		t.Run(name, func(t *testing.T) {
			tr, pool := newTransport(t, 4)
			tr.Base = s.Client().Transport.(*http.Transport)
			tr.MaxConnLifetime = 50 * time.Millisecond
			fetch(t, tr, s.URL)
			wantIdle(t, pool, 0) // idle at its end

			r, _ := http.NewRequest("GET", s.URL, nil)
			response, err := tr.RoundTrip(r) // in use at its end
			if err != nil {
				t.Fatal(err)
			}
			ended := time.After(60 * time.Millisecond)
			<-ended
			if body, err := io.ReadAll(response.Body); string(body) != "hello /" || err != nil {
				t.Errorf("got %q, %v", body, err)
			}
			response.Body.Close()
			wantIdle(t, pool, 0)
		})
	}
}

// A lifetime that ends before anybody can use the connection leaves it to one request.
func TestShortestLifetime(t *testing.T) {
	for name, s := range map[string]*counted{"http": newServer(t, hello), "http2": newSecure(t, hello)} {
		t.Run(name, func(t *testing.T) {
			tr, pool := newTransport(t, 2)
			tr.Base = s.Client().Transport.(*http.Transport)
			tr.MaxConnLifetime = 1
			for range 20 {
				fetch(t, tr, s.URL)
			}
			wantIdle(t, pool, 0)
		})
	}
}

func TestWaitAtMaxConnsPerHostNamesItAndIsStillAWaitError(t *testing.T) {
	tr, pool := newTransport(t, 4)
	tr.MaxConnsPerHost = 1
	s := newServer(t, hello)
	r, _ := http.NewRequest("GET", s.URL, nil)
	first, err := tr.RoundTrip(r) // has the connection until its body is read
	if err != nil {
		t.Fatal(err)
	}
	defer first.Body.Close()
	err = lateAmidWait(t, pool, errors.Join(errors.New("one"), errors.New("two")), func(ctx context.Context) error {
		_, err := tr.RoundTrip(r.Clone(ctx))
		return err
	})
	var w *resourcepool.WaitError
	var n net.Error
	if !errors.Is(err, resourcepool.ErrorPutTimeout) || !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &w) ||
		!errors.As(err, &n) || !n.Timeout() {
		t.Errorf("%T %v", err, err)
	}
	if text := err.Error(); !strings.Contains(text, "MaxConnsPerHost is 1") || !strings.HasSuffix(text, "one; two") {
		t.Errorf("%q", text)
	}
}

func TestBadFields(t *testing.T) {
	for want, tr := range map[string]*slothttp.Transport{
		"MaxConnsPerHost is -3, want 0 or more":  {MaxConnsPerHost: -3},
		"IdleConnTimeout is -3s, want 0 or more": {IdleConnTimeout: -3 * time.Second},
		"MaxConnLifetime is -3s, want 0 or more": {MaxConnLifetime: -3 * time.Second},
	} {
		body := &watched{Reader: strings.NewReader("")}
		r, _ := http.NewRequest("POST", "http://127.0.0.1:1", body)
		_, err := tr.RoundTrip(r)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one that says %q", err, want)
		}
		if body.closed.Load() == 0 {
			t.Errorf("%s: the body is open", want)
		}
	}
}

func TestCloseIdleConnections(t *testing.T) {
	for name, s := range map[string]*counted{"http": newServer(t, hello), "http2": newSecure(t, hello)} {
		t.Run(name, func(t *testing.T) {
			tr, pool := newTransport(t, 4)
			tr.Base = s.Client().Transport.(*http.Transport)
			fetch(t, tr, s.URL)
			wantIdle(t, pool, 1)
			tr.CloseIdleConnections()
			wantIdle(t, pool, 0)

			r, _ := http.NewRequest("GET", s.URL, nil)
			response, err := tr.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			tr.CloseIdleConnections()
			if n := pool.Stats().InUse; n != 1 {
				t.Errorf("%d in use, want 1", n)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			wantIdle(t, pool, 0)

			fetch(t, tr, s.URL) // from here on they are kept
			wantIdle(t, pool, 1)
		})
	}
}

// What a TLS dialler of Base made is closed, and its slot freed, in each of the
// ways in which a connection ends.
func TestForeignConnections(t *testing.T) {
	s := newUnstarted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			hello(w, r)
			return
		}
		c, b, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(c, b)
	})
	s.StartTLS()
	tr, pool := newTransport(t, 1)
	config := s.Client().Transport.(*http.Transport).TLSClientConfig
	tr.Base.DialTLSContext = (&tls.Dialer{Config: config}).DialContext
	fetch(t, tr, s.URL)
	fetch(t, tr, s.URL)
	wantIdle(t, pool, 1)
	s.CloseClientConnections()
	wantIdle(t, pool, 0)
	fetch(t, tr, s.URL)
	tr.CloseIdleConnections()
	wantIdle(t, pool, 0)

	body := (&env{T: t, base: tr.Base, rt: tr}).upgraded(s.URL)
	_, _ = io.WriteString(body, "ping")
	if _, err := io.ReadFull(body, make([]byte, 4)); err != nil {
		t.Error(err)
	}
	if n := pool.Stats().InUse; n != 1 {
		t.Errorf("%d in use, want 1", n)
	}
	body.Close()
	testkit.Eventually(t, "the slot is free", func() bool { return pool.Stats().InUse == 0 })
}
