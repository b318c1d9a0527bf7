package connpool_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

func ExampleBackoffError() {
	pool := &connpool.Pool{
		Backoff: &connpool.Backoff{Base: time.Minute},
		DialFunc: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no route to host")
		},
	}
	defer pool.Close()
	for range 2 {
		_, err := pool.Get(context.Background(), "tcp", "10.0.0.1:80")
		var wait *connpool.BackoffError
		if errors.As(err, &wait) {
			fmt.Println("not tried again:", wait.Err)
		} else {
			fmt.Println(err)
		}
	}
	// Output:
	// connpool: tcp "10.0.0.1:80": no route to host
	// not tried again: no route to host
}

func ExampleTrace() {
	address, stop := echoServer()
	defer stop()
	pool := &connpool.Pool{Trace: &connpool.Trace{
		DialDone: func(_, _ string, _ time.Duration, err error) { fmt.Println("dialled", err) },
		Reused:   func(_, _ string) { fmt.Println("reused") },
		Closed:   func(_, _ string, why connpool.CloseReason) { fmt.Println("closed:", why) },
	}}
	for range 2 {
		if c, err := pool.Get(context.Background(), "tcp", address); err == nil {
			c.Put()
		}
	}
	pool.Close()
	// Output:
	// dialled <nil>
	// reused
	// closed: shutdown
}
