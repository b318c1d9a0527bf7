package connpool_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// A dialer of one's own that sets what Get sets, but for peers that may pause for
// long in the middle of what they are sent.
func ExampleDialerConfig_Dialer() {
	address, stop := echoServer()
	defer stop()
	dialer := connpool.DialerConfig{
		Timeout:     5 * time.Second,
		UserTimeout: 10 * time.Minute,
	}.Dialer()
	pool := &connpool.Pool{DialFunc: dialer.DialContext}
	defer pool.Close()
	c, err := pool.Get(context.Background(), "tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Put()
	answer, err := ask(c, "hello")
	fmt.Println(answer, err, dialer.KeepAliveConfig.Count)
	// Output: hello <nil> 3
}

// TLS over the same: the handshake is within the DialTimeout of the Pool.
func ExampleDialerConfig_tls() {
	dialer := &tls.Dialer{
		NetDialer: connpool.DialerConfig{KeepAliveIdle: time.Minute}.Dialer(),
		Config:    &tls.Config{MinVersion: tls.VersionTLS13},
	}
	pool := &connpool.Pool{DialFunc: dialer.DialContext, DialTimeout: 10 * time.Second}
	defer pool.Close()
}

// After a failure the address is not dialled for a minute, after the next one for two, and so on
// up to ten. Gets that come meanwhile fail at once, with a BackoffError.
func ExampleBackoff() {
	down := errors.New("no route to host")
	dials := 0
	pool := &connpool.Pool{
		Backoff: &connpool.Backoff{Base: time.Minute, Max: 10 * time.Minute, Factor: 2, Jitter: -1},
		DialFunc: func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, down
		},
	}
	defer pool.Close()
	for range 100 {
		_, err := pool.Get(context.Background(), "tcp", "10.0.0.1:80")
		if !errors.Is(err, down) {
			fmt.Println(err)
		}
	}
	fmt.Println(dials, "dial")
	// Output: 1 dial
}
