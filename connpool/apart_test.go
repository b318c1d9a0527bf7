package connpool

import (
	"io"
	"net"
	"testing"
)

// A ConnResource and a Pool of one address have a pool of slots in common, and nothing else: neither
// is given a connection of the other, nor ends it.
func TestOldAndNewUsersOfAnAddressShareNothingButSlots(t *testing.T) {
	address := newEcho(t)
	cr := newResource(t, "tcp", address)
	old := mustGet(t, cr)
	defer old.Put()
	p := &Pool{Slots: GetResourcePool()}
	defer p.Close()
	if c, ok := p.TryGet("tcp", address); ok {
		c.Put()
		t.Fatal("the Pool has a connection of the ConnResource")
	}
	c := get(t, p, address)
	if same(old.Conn, c.Conn) {
		t.Fatal("both have one connection")
	}
	c.Put()
	p.CloseIdle("tcp", address)
	if c, ok := p.TryGet("tcp", address); ok {
		c.Put()
		t.Error("the Pool's own connection is still there")
	}
	answer := make([]byte, 1)
	if _, err := old.Write([]byte("x")); err != nil {
		t.Errorf("the ConnResource's connection went with the Pool's: %v", err)
	} else if _, err := io.ReadFull(old, answer); err != nil || answer[0] != 'x' {
		t.Errorf("answer %q, %v", answer, err)
	}
}

func same(a, b net.Conn) bool { return a.LocalAddr().String() == b.LocalAddr().String() }
