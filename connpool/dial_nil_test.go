package connpool

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// As from a dialer that ends with "return tls.Dial(...)".
func TestNilPointerBesideAnErrorIsNotClosed(t *testing.T) {
	_, err := New("tcp", "127.0.0.1:1").GetWithDialer(nil, dialerFunc(func(string, string) (net.Conn, error) {
		return (*tls.Conn)(nil), errFake
	}))
	if err != errFake {
		t.Fatalf("%v, want %v", err, errFake)
	}
}

func TestNilPointerWithoutAnErrorIsReported(t *testing.T) {
	_, err := New("tcp", "127.0.0.1:1").GetWithDialer(nil, dialerFunc(func(string, string) (net.Conn, error) {
		return (*tls.Conn)(nil), nil
	}))
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Fatalf("%v, want an error that names the address", err)
	}
}

func TestConnectionBesideAnErrorIsClosed(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	_, err := New("tcp", "127.0.0.1:1").GetWithDialer(nil, dialerFunc(func(string, string) (net.Conn, error) {
		return here, errFake
	}))
	if err != errFake {
		t.Fatalf("%v, want %v", err, errFake)
	}
	there.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := there.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("%v, want %v", err, io.EOF)
	}
}
