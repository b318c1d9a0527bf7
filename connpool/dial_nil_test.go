package connpool

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

type dialFunc func(network, address string) (net.Conn, error)

func (f dialFunc) Dial(network, address string) (net.Conn, error) { return f(network, address) }

// As from a dialer that ends with "return tls.Dial(...)".
func TestNilPointerBesideAnErrorIsNotClosed(t *testing.T) {
	want := errors.New("fake error")
	_, err := New("tcp", "127.0.0.1:1").GetWithDialer(nil, dialFunc(func(string, string) (net.Conn, error) {
		return (*tls.Conn)(nil), want
	}))
	if err != want {
		t.Fatalf("%v, want %v", err, want)
	}
}

func TestNilPointerWithoutAnErrorIsReported(t *testing.T) {
	_, err := New("tcp", "127.0.0.1:1").GetWithDialer(nil, dialFunc(func(string, string) (net.Conn, error) {
		return (*tls.Conn)(nil), nil
	}))
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Fatalf("%v, want an error that names the address", err)
	}
}

func TestConnectionBesideAnErrorIsClosed(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	want := errors.New("fake error")
	_, err := New("tcp", "127.0.0.1:1").GetWithDialer(nil, dialFunc(func(string, string) (net.Conn, error) {
		return here, want
	}))
	if err != want {
		t.Fatalf("%v, want %v", err, want)
	}
	there.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := there.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("%v, want %v", err, io.EOF)
	}
}
