package slotprom

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// conns has one connection in use, one that was closed, and a dial that failed.
func conns(t *testing.T) *connpool.Pool {
	t.Helper()
	p := &connpool.Pool{Slots: resourcepool.New(4, ""), DialFunc: func(_ context.Context, _, address string) (net.Conn, error) {
		if address == "down:1" {
			return nil, errors.New("refused")
		}
		c, _ := net.Pipe()
		return c, nil
	}}
	t.Cleanup(func() { _ = p.Close() })
	held, err := p.Get(t.Context(), "tcp", "a:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(held.Put)
	other, err := p.Get(t.Context(), "tcp", "a:1")
	if err != nil {
		t.Fatal(err)
	}
	_ = other.Close()
	if _, err := p.Get(t.Context(), "tcp", "down:1"); err == nil {
		t.Fatal("it dials")
	}
	return p
}

func TestConnections(t *testing.T) {
	c := &Collector{Pools: []*resourcepool.Pool{}, Conns: map[string]*connpool.Pool{"x": conns(t), "nil": nil, "unused": {}}}
	want := `
# HELP slotpool_connections Open connections, by state; dialed are those of DialContext.
# TYPE slotpool_connections gauge
slotpool_connections{pool="unused",state="dialed"} 0
slotpool_connections{pool="unused",state="idle"} 0
slotpool_connections{pool="unused",state="in_use"} 0
slotpool_connections{pool="x",state="dialed"} 0
slotpool_connections{pool="x",state="idle"} 0
slotpool_connections{pool="x",state="in_use"} 1
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "slotpool_connections"); err != nil {
		t.Error(err)
	}
	text := exposition(t, c)
	for _, want := range []string{
		`slotpool_connections_closed_total{pool="x",reason="by_user"} 1`,
		`slotpool_connections_closed_total{pool="x",reason="evicted"} 0`,
		`slotpool_connection_dials_total{outcome="ok",pool="x"} 2`,
		`slotpool_connection_dials_total{outcome="failed",pool="x"} 1`,
		`slotpool_connection_dial_seconds_count{outcome="ok",pool="x"} 2`,
		`slotpool_connection_wait_seconds_count{pool="x"} 3`,
		`slotpool_connection_waits_failed_total{pool="x"} 1`,
		`slotpool_connection_hold_seconds_count{pool="x"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}
