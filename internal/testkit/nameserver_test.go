package testkit

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestNameServer(t *testing.T) {
	v4, v6 := netip.MustParseAddr("127.0.0.9"), netip.MustParseAddr("::9")
	s := StartNameServer(t, func(name string) Name {
		switch name {
		case "both.test.":
			return Name{A: []netip.Addr{v4}, AAAA: []netip.Addr{v6}}
		case "late.test.":
			return Name{A: []netip.Addr{v4}, Delay: 20 * time.Millisecond}
		case "silent.test.":
			return Name{Silent: true}
		}
		return Name{Nobody: true}
	})
	got, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip", "both.test.")
	if err != nil || !slices.Contains(got, v4) || !slices.Contains(got, v6) || len(got) != 2 {
		t.Errorf("both: %v, %v", got, err)
	}
	got, err = net.DefaultResolver.LookupNetIP(t.Context(), "ip4", "late.test.")
	if err != nil || !slices.Equal(got, []netip.Addr{v4}) {
		t.Errorf("late: %v, %v", got, err)
	}
	var e *net.DNSError
	if _, err = net.DefaultResolver.LookupHost(t.Context(), "none.test."); !errors.As(err, &e) || !e.IsNotFound {
		t.Errorf("none: %v", err)
	}
	for before := s.Queries.Load(); s.Queries.Load() == before; { // it may be over before it has asked
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err = net.DefaultResolver.LookupHost(ctx, "silent.test.")
		cancel()
		if !errors.As(err, &e) || !e.IsTimeout {
			t.Fatalf("silent: %v", err)
		}
	}
	if n := s.Queries.Load(); n < 6 {
		t.Errorf("%d queries", n)
	}
}
