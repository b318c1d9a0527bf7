package connpool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

func ExampleConn_Reused() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()
	for range 2 {
		c, err := pool.Get(context.Background(), "tcp", address)
		if err != nil {
			fmt.Println(err)
			return
		}
		if !c.Reused() {
			_, _ = ask(c, "AUTH me") // once for each connection
			fmt.Println("greeted")
		}
		c.Put()
	}
	// Output: greeted
}

// Put parks the connection, and the Conn is no longer the caller's: its embedded
// net.Conn is nil.
func ExampleConn_Put() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()
	c, err := pool.Get(context.Background(), "tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := ask(c, "hello")
	if err != nil {
		c.Close()
		return
	}
	c.Put() // the whole answer was read, and nothing is outstanding
	fmt.Println(answer, c.Conn == nil, pool.Stats().Idle, "idle")
	// Output: hello true 1 idle
}

// After an error nobody knows what the next bytes belong to. Close frees the
// slot; a second Close, or a Put, does nothing then.
func ExampleConn_Close() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()
	c, err := pool.Get(context.Background(), "tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	_, err = c.Read(make([]byte, 1)) // nobody was asked anything
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
	fmt.Println(c.Close(), c.Close())
	fmt.Println(pool.Stats().InUse, "in use,", pool.Stats().Idle, "idle")
	// Output:
	// true
	// <nil> <nil>
	// 0 in use, 0 idle
}
