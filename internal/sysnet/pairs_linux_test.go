package sysnet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"

	"golang.org/x/sys/unix"
)

// makePair returns the two ends of a connection: here is the one that a pool
// would hold. Both are closed when the test ends.
type makePair func(t *testing.T) (here, there net.Conn)

func tcpPair(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	here, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close() })
	there, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	return here, there
}

func unixPair(t *testing.T) (here, there net.Conn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socketpair")
		ends[i], err = net.FileConn(f) // with a descriptor of its own
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ends[i].Close() })
	}
	return ends[0], ends[1]
}

// tlsPair returns the ends of a TLS 1.3 connection over pair, after the
// handshake. With ticket, an unread session ticket is on its way to here.
func tlsPair(pair makePair, ticket bool) makePair {
	return tlsPairOf(tls.VersionTLS13, pair, ticket)
}

func tlsPairOf(version uint16, pair makePair, ticket bool) makePair {
	return func(t *testing.T) (here, there net.Conn) {
		t.Helper()
		plainHere, plainThere := pair(t)
		client := tls.Client(plainHere, &tls.Config{
			InsecureSkipVerify: true, // who the peer is does not matter here
			MinVersion:         version,
			MaxVersion:         version,
			ClientSessionCache: tls.NewLRUClientSessionCache(1), // or it is sent no ticket
		})
		server := tls.Server(plainThere, &tls.Config{
			Certificates:           []tls.Certificate{certificate(t)},
			MinVersion:             version,
			SessionTicketsDisabled: !ticket,
		})
		done := make(chan error, 1)
		go func() { done <- server.Handshake() }()
		if err := client.Handshake(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		return client, server
	}
}

var makeCertificate = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	c, err := makeCertificate()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withSocket calls f with the descriptor of the socket under conn.
func withSocket(t *testing.T, conn net.Conn, f func(fd int)) {
	t.Helper()
	raw := socketOf(conn).raw
	if raw == nil {
		t.Fatalf("no socket under %T", conn)
	}
	if err := raw.Control(func(fd uintptr) { f(int(fd)) }); err != nil {
		t.Fatal(err)
	}
}

// awaitEvents polls until poll(2) shows all of events for conn, and returns
// all that it shows. Unlike a read it takes nothing from the socket, not even
// its pending error.
func awaitEvents(t *testing.T, conn net.Conn, events int16) (shown int16) {
	t.Helper()
	testkit.Eventually(t, "events of the socket", func() bool {
		withSocket(t, conn, func(fd int) {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
			if _, err := unix.Poll(fds, 0); err != nil && err != unix.EINTR {
				t.Fatalf("poll: %v", err)
			}
			shown = fds[0].Revents
		})
		return shown&events == events
	})
	return shown
}

func infoOf(t *testing.T, fd uintptr) (info unix.TCPInfo) {
	t.Helper()
	if !tcpInfo(fd, &info) {
		t.Error("no TCP_INFO")
	}
	return info
}
