package slotdebug

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// pipePool dials the ends of pipes, and fails for addresses that begin with "down".
func pipePool(t *testing.T, slots *resourcepool.Pool) *connpool.Pool {
	t.Helper()
	p := &connpool.Pool{Slots: slots, HoldWarning: time.Hour, DialFunc: func(_ context.Context, _, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "down") {
			return nil, errors.New("refused")
		}
		c, _ := net.Pipe()
		return c, nil
	}}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func hold(t *testing.T, p *connpool.Pool, address string) *connpool.Conn {
	t.Helper()
	c, err := p.Get(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Put)
	return c
}

func TestConnectionsAreShown(t *testing.T) {
	p := pipePool(t, resourcepool.New(4, ""))
	hold(t, p, "here:1")
	if _, err := p.Get(t.Context(), "tcp", "down:1"); err == nil {
		t.Fatal("it dials")
	}
	gone, err := p.Get(t.Context(), "tcp", "gone:1\x1b[2J")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	h := &Handler{Pools: []*resourcepool.Pool{}, Conns: map[string]*connpool.Pool{"z": p, "a": {}, "nil": nil}}
	v := look(t, h, "/?format=json")
	if len(v.Conns) != 2 || v.Conns[0].Name != "a" || v.Conns[1].Name != "z" {
		t.Fatalf("%+v", v.Conns)
	}
	c := v.Conns[1]
	if len(c.Holders) != 1 || c.Holders[0].Address != "here:1" || c.Holders[0].Since == 0 || !strings.Contains(c.Holders[0].Stack, "TestConnectionsAreShown") {
		t.Errorf("holders: %+v", c.Holders)
	}
	if len(c.Closes) != 1 || c.Closes[0].Address != "gone:1\x1b[2J" || c.Closes[0].Why != "user" || c.Closes[0].At == 0 {
		t.Errorf("closes: %+v", c.Closes)
	}
	if len(c.MostDials) != 2 || len(c.MostFailed) != 1 || c.MostFailed[0].Address != "down:1" || len(c.MostWaits) != 3 {
		t.Errorf("%+v, %+v, %+v", c.MostDials, c.MostFailed, c.MostWaits)
	}
	if c.Stats != p.Stats() || c.Dials.Count != 2 || c.Failed.Count != 1 || c.Waits.Count != 3 || c.Holds.Count != 1 {
		t.Errorf("%+v", c)
	}
	text := body(t, ask(t, h, "/", ""))
	for _, want := range []string{"connections z", "tcp here:1", "TestConnectionsAreShown", `tcp "gone:1\x1b[2J": user`, "most failed dials  1", "dials              2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("an address reaches the terminal as it is")
	}
}

// Of very many holders the page has those that have held longest.
func TestHoldersAreTheLongest(t *testing.T) {
	const n = 3*mostHolders + 7
	p := pipePool(t, resourcepool.New(n, ""))
	var held []*connpool.Conn
	for i := range n {
		held = append(held, hold(t, p, fmt.Sprint("a:", i)))
	}
	v := newConnView("", p)
	if len(v.Holders) != mostHolders || v.Stats.InUse != uint(len(held)) {
		t.Fatalf("%d holders, %d in use", len(v.Holders), v.Stats.InUse)
	}
	seen := map[string]bool{}
	for _, h := range v.Holders {
		seen[h.Address] = true
	}
	for i := range mostHolders {
		if !seen[fmt.Sprint("a:", i)] {
			t.Fatalf("the holder of a:%d is not shown", i)
		}
	}
	if v.Holders[0].Address != "a:0" || len(v.MostDials) != mostAddresses {
		t.Errorf("%+v, %d addresses", v.Holders[0], len(v.MostDials))
	}
}

func TestWhoJustGotItHoldsShortest(t *testing.T) {
	now := time.Now()
	old, young, none := connpool.Holder{Since: now.Add(-time.Hour)}, connpool.Holder{Since: now}, connpool.Holder{}
	for _, c := range []struct {
		a, b connpool.Holder
		want int
	}{{old, young, -1}, {young, old, 1}, {none, young, 1}, {young, none, -1}, {none, none, 0}} {
		if got := longer(c.a, c.b); got != c.want {
			t.Errorf("%v, %v: %d, want %d", c.a.Since, c.b.Since, got, c.want)
		}
	}
}
