package slothttp

import (
	"net"
	"net/http"
	"testing"

	"github.com/slotpool/slotpool/resourcepool"
)

// Its socket is being closed while a connection is parked: Close has begun, but
// does not give the slot up yet, and finds the connection no longer held. The
// slot was taken for ever.
func TestParkAmidClose(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	pool := resourcepool.New(1, "")
	s, err := (&Transport{Base: &http.Transport{}, Slots: pool}).use()
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	l, err := s.origin(key{scheme: "http", address: address}, address, nil).get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.cc.Release()
	l.wire.closed.Store(true) // the beginning of wire.Close
	l.park()
	l.gone() // its end
	if n := pool.Stats(); n.InUse+n.Idle+n.Releasing != 0 {
		t.Errorf("the slot is taken: %+v", n)
	}
}
