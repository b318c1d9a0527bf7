package connpool

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// As from a dialer that ends with "return tls.Dial(...)".
func TestNilPointerBesideAnErrorIsNotClosed(t *testing.T) {
	_, err := New("tcp", "127.0.0.1:1").GetWithDialer(nil, dialerFunc(func(string, string) (net.Conn, error) {
		return (*tls.Conn)(nil), errFake
	}))
	testkit.WantErr(t, "Get", err, errFake)
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
	testkit.WantErr(t, "Get", err, errFake)
	there.SetReadDeadline(time.Now().Add(testkit.Patience))
	_, err = there.Read(make([]byte, 1))
	testkit.WantErr(t, "Read of the other end", err, io.EOF)
}
