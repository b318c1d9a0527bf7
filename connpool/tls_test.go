package connpool

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// newTLSServer returns a server that speaks TLS 1.3, and a dialer for it. With
// tickets, each connection starts with a session ticket that nobody reads.
func newTLSServer(t *testing.T, tickets bool) (*server, *tls.Dialer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := makeCertificate()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	d := &tls.Dialer{Config: &tls.Config{
		RootCAs:            roots,
		MinVersion:         tls.VersionTLS13,
		ClientSessionCache: tls.NewLRUClientSessionCache(1), // or it is sent no ticket
	}}
	return serve(t, tls.NewListener(l, &tls.Config{
		Certificates:           []tls.Certificate{cert},
		MinVersion:             tls.VersionTLS13,
		SessionTicketsDisabled: !tickets,
	})), d
}

// newServerOf returns a server of the network, which may be "tls", and a dialer for it.
func newServerOf(t *testing.T, network string, tickets bool) (*server, Dialer) {
	t.Helper()
	if network == "tls" {
		return newTLSServer(t, tickets)
	}
	return newServer(t, network), &net.Dialer{}
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
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
})

func TestReuseOverTLS(t *testing.T) {
	for name, tickets := range map[string]bool{"quiet": false, "session ticket unread": true} {
		t.Run(name, func(t *testing.T) {
			p := usePool(t, 1)
			s, d := newTLSServer(t, tickets)
			cr := s.resource()
			conn := mustGetWith(t, cr, d)
			there := s.accept() // its handshake is over: the ticket is sent
			first, ok := conn.Conn.(*tls.Conn)
			if !ok {
				t.Fatalf("the embedded connection is a %T", conn.Conn)
			}
			conn.Put()
			for range 3 { // in the first round the ticket is still unread
				conn = mustGetWith(t, cr, mustNotDial(t))
				if conn.Conn != first {
					t.Fatal("another connection")
				}
				wantTalk(t, conn, there)
				conn.Put()
			}
			if st := p.Stats(); st.Reuses != 3 || st.DeadOnCheck != 0 {
				t.Fatalf("%d reuses, %d dead", st.Reuses, st.DeadOnCheck)
			}
		})
	}
}
