package connpool

import (
	"bytes"
	"context"
	"net"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

func holdersOf(p *Pool) (all []Holder) {
	for h := range p.Holders() {
		all = append(all, h)
	}
	return all
}

func TestHoldersWithoutAWarning(t *testing.T) {
	p, _ := fakePool(t, 8, nil)
	get(t, p, "idle:1").Put()
	c := get(t, p, "x:1")
	all := holdersOf(p)
	if len(all) != 1 || all[0].Network != "tcp" || all[0].Address != "x:1" || !all[0].Since.IsZero() || all[0].Stack != nil {
		t.Fatalf("%+v", all)
	}
	d := get(t, p, "x:1")
	for range p.Holders() {
		break // stopping early is allowed
	}
	c.Put()
	d.Put()
	if all := holdersOf(p); len(all) != 0 {
		t.Fatalf("%+v", all)
	}
}

func TestHoldWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		p, _ := fakePool(t, 8, func(p *Pool) { p.HoldWarning, p.Logger = 8*time.Second, log.logger() })
		quick := get(t, p, "quick:1")
		began := time.Now()
		c := get(t, p, "slow:1")
		quick.Put()
		all := holdersOf(p)
		if len(all) != 1 || !all[0].Since.Equal(began) {
			t.Fatalf("%+v", all)
		}
		if f, _ := all[0].Frames().Next(); !strings.Contains(f.Function, "(*Pool).get") {
			t.Errorf("the stack begins with %s", f.Function)
		}
		if s := profileText(t); !strings.Contains(s, "TestHoldWarning") {
			t.Errorf("the profile has not this test: %s", s)
		}
		time.Sleep(7 * time.Second)
		synctest.Wait()
		if s := log.text(); strings.Contains(s, "held for long") {
			t.Fatalf("warned too early: %s", s)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := log.text(); strings.Count(s, "held for long") != 1 || !strings.Contains(s, "slow:1") || !strings.Contains(s, "TestHoldWarning") {
			t.Fatalf("want one warning of slow:1 with the stack: %s", s)
		}
		_ = c.Close()
		if s := log.text(); strings.Count(s, "came back") != 1 || !strings.Contains(s, "held=1h0m7s") {
			t.Errorf("want one line that slow:1 came back after 1h0m7s: %s", s)
		}
		if s := profileText(t); strings.Contains(s, "TestHoldWarning") {
			t.Errorf("the profile has one that was closed: %s", s)
		}
	})
}

func profileText(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	profile := pprof.Lookup("slotpool.holders")
	if profile == nil {
		t.Fatal("no profile")
	}
	if err := profile.WriteTo(&b, 1); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// BenchmarkHoldWarning is what a Get and a Put of an idle connection take without and with
// HoldWarning. As there is no socket, the kernel is not asked anything.
func BenchmarkHoldWarning(b *testing.B) {
	for name, warning := range map[string]time.Duration{"off": 0, "on": time.Hour} {
		b.Run(name, func(b *testing.B) {
			p := &Pool{Slots: resourcepool.New(1, ""), HoldWarning: warning, DialFunc: func(context.Context, string, string) (net.Conn, error) {
				c, _ := net.Pipe()
				return c, nil
			}}
			defer p.Close()
			b.ReportAllocs()
			for b.Loop() {
				c, err := p.Get(context.Background(), "tcp", "x:1")
				if err != nil {
					b.Fatal(err)
				}
				c.Put()
			}
		})
	}
}
