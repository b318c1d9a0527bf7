package testkit

import (
	"net"
	"testing"
)

// Serve listens on loopback until the test ends, and calls handle for each
// connection on a goroutine of its own. Closing the connection is up to handle.
func Serve(t *testing.T, handle func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			go handle(conn)
		}
	}()
	return l.Addr().String()
}
