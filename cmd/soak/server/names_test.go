//go:build linux

package server

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// resolverAt asks the name server at address alone.
func resolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", address)
	}}
}

func TestNamesResolve(t *testing.T) {
	s, err := listenNames("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.conn.Close()
	r := resolverAt(s.conn.LocalAddr().String())
	for _, label := range []string{"h", "p123"} {
		ips, err := r.LookupHost(context.Background(), NameFor(label, "127.77.3.4"))
		if err != nil || len(ips) != 1 || ips[0] != "127.77.3.4" {
			t.Errorf("%s: %v, %v", label, ips, err)
		}
	}
	var d *net.DNSError
	if _, err := r.LookupHost(context.Background(), "elsewhere.test."); !errors.As(err, &d) || !d.IsNotFound {
		t.Errorf("a name without an address: %v, want not found", err)
	}
}

func TestNamesAreSlowOrSilent(t *testing.T) {
	s, err := listenNames("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.conn.Close()
	r := resolverAt(s.conn.LocalAddr().String())
	for _, op := range []string{OpSlowNames, OpSilentNames} {
		s.disturb(op)
		ctx, cancel := context.WithTimeout(context.Background(), nameDelay/3)
		if _, err := r.LookupHost(ctx, NameFor("h", "127.77.3.4")); !isTimeout(err) {
			t.Errorf("%s: %v, want a timeout", op, err)
		}
		cancel()
		if n := s.calm(op); n == 0 {
			t.Errorf("%s: no event was counted", op)
		}
	}
	s.disturb(OpSlowNames)
	defer s.calm(OpSlowNames)
	begun := time.Now()
	if _, err := r.LookupHost(context.Background(), NameFor("h", "127.77.3.4")); err != nil || time.Since(begun) < nameDelay {
		t.Errorf("a slow answer came after %v: %v", time.Since(begun), err)
	}
}

func TestAnswerQueryRejectsNonsense(t *testing.T) {
	header := []byte{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for name, query := range map[string][]byte{
		"nothing":      nil,
		"no question":  make([]byte, dnsHeader),
		"no name":      header,
		"long label":   append(header[:dnsHeader:dnsHeader], 64),
		"torn label":   append(header[:dnsHeader:dnsHeader], 5, 'a'),
		"no type":      append(header[:dnsHeader:dnsHeader], 1, 'a', 0, 0),
		"name goes on": append(header[:dnsHeader:dnsHeader], 1, 'a'),
	} {
		if answer, err := answerQuery(query); err == nil {
			t.Errorf("%s: answered with %x", name, answer)
		}
	}
}

func TestDeadHostsNeverAccept(t *testing.T) {
	s := &server{}
	var err error
	for range 20 {
		if err = openDead(s, Dead(RandomPort(1))); !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
		s = &server{}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.dead {
		conn, err := net.DialTimeout("tcp", l.l.Addr().String(), 100*time.Millisecond)
		if !isTimeout(err) {
			t.Errorf("a dial of %v: %v, %v, want a timeout", l, conn, err)
		}
		l.refuse()
		if err := l.drain(); err != nil {
			t.Error(err)
		}
	}
}
