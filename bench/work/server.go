package work

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// serverVariable in the environment makes a test binary the server. It is a
// process of its own so that its descriptors do not count as the clients'.
const serverVariable = "SLOTPOOL_BENCH_SERVER"

// servers is how many addresses a server listens on. Each has local ports of
// its own, of which closed connections keep one for a while.
const servers = 32

// Server is what clients need to know.
type Server struct {
	Plain, TLS  []string
	HTTP        []string
	Certificate []byte
	Config      *tls.Config `json:"-"`
}

// StartServer starts a server that ends with the benchmark, or earlier with
// this process: it serves as long as its standard input is open.
func StartServer(tb testing.TB) *Server {
	tb.Helper()
	self, err := os.Executable()
	Check(err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), serverVariable+"=1")
	child.Stderr = os.Stderr
	stdin, err := child.StdinPipe()
	Check(err)
	stdout, err := child.StdoutPipe()
	Check(err)
	Check(child.Start())
	tb.Cleanup(func() {
		stdin.Close()
		if err := child.Wait(); err != nil {
			tb.Errorf("server: %v", err)
		}
	})
	s := new(Server)
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		tb.Fatalf("server told no addresses: %v", err)
	}
	Check(json.Unmarshal(line, s))
	root, err := x509.ParseCertificate(s.Certificate)
	Check(err)
	pool := x509.NewCertPool()
	pool.AddCert(root)
	s.Config = &tls.Config{RootCAs: pool}
	return s
}

// serve is the server's process.
func serve() error {
	certificate, der, err := selfSigned()
	if err != nil {
		return err
	}
	s := Server{Certificate: der}
	for i := range servers {
		host := fmt.Sprintf("127.0.0.%d:0", i+1)
		plain, err := net.Listen("tcp", host)
		if err != nil {
			return err
		}
		web, err := net.Listen("tcp", host)
		if err != nil {
			return err
		}
		s.Plain = append(s.Plain, plain.Addr().String())
		s.HTTP = append(s.HTTP, web.Addr().String())
		go accept(plain)
		go http.Serve(web, http.HandlerFunc(answerHTTP)) // until the process ends
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return err
	}
	s.TLS = []string{l.Addr().String()}
	go accept(l)
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// accept echoes until the listener ends, which it does with the process. It thinks about
// a slow request first.
func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			var message [messageSize]byte
			for {
				if _, err := io.ReadFull(c, message[:]); err != nil {
					return
				}
				if message[0] == slowRequest {
					time.Sleep(slowAnswer)
				}
				if _, err := c.Write(message[:]); err != nil {
					return
				}
			}
		}()
	}
}

func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, der, err
}
