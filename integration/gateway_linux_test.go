package integration

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
)

// accepts counts what its listener could not accept.
type accepts struct {
	net.Listener
	failed atomic.Int64
}

func (a *accepts) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		a.failed.Add(1)
	}
	return c, err
}

// A gateway at 128 descriptors once failed 523 dials and 803 accepts beside 110 idle
// connections. This one serves 400 clients who come at once and keep
// their connections for three requests each, out of 60 origins.
func TestGatewayAt128Descriptors(t *testing.T) {
	need(t, "nginx", "nginx-light")
	if !limited(t) {
		return
	}
	const clients, questions, origins = 400, 3, 60
	_, addresses := startNginx(t, origins, "60s")
	b := limit(t, 128)
	slots := connpool.GetResourcePool() // sized by the limit

	var next atomic.Int64
	var proxies []http.Handler
	for _, address := range addresses {
		proxies = append(proxies, snippets.Proxy(&url.URL{Scheme: "http", Host: address}, slots))
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxies[next.Add(1)%origins].ServeHTTP(w, r)
	})
	inner, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	l := &accepts{Listener: inner}
	done := make(chan error)
	go func() { done <- snippets.Serve(l, slots, handler) }()

	var got served
	startHelper(t, &got, "clients", "http://"+l.Addr().String(), strconv.Itoa(clients), strconv.Itoa(questions))
	if len(got.Errors) != 0 || got.Answers != clients*questions {
		t.Errorf("%d answers, want %d; %d errors: %q", got.Answers, clients*questions, len(got.Errors), got.Errors[:min(len(got.Errors), 5)])
	}
	if n := l.failed.Load(); n != 0 {
		t.Errorf("%d accepts failed", n)
	}
	st := slots.Stats()
	t.Logf("%d slots, %d answers, %d evictions, %d dials", st.Max, got.Answers, st.Evictions, st.Allocations)
	if st.AllocationErrors != 0 {
		t.Errorf("%d dials failed", st.AllocationErrors)
	}
	l.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
	slots.ReleaseIdle(slots.Stats().Idle)
	testkit.Eventually(t, "all slots are free", func() bool { st := slots.Stats(); return st.InUse+st.Idle == 0 })
	b.back()
}
