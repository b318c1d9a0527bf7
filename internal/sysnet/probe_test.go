package sysnet

import (
	"net"
	"testing"
)

// On all systems: what shows no socket is alive, and nothing reads from it.
func TestProbeOfAPipe(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	p := NewProbe(here)
	if p != nil {
		t.Fatal("a probe of no socket")
	}
	for range 2 {
		if !p.Alive() {
			t.Fatal("not alive")
		}
		there.Close() // which must go unnoticed
	}
}
