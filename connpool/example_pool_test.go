package connpool_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// ask sends a line and returns the one that comes back.
func ask(c net.Conn, question string) (string, error) {
	fmt.Fprintln(c, question)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "", err
	}
	return line[:len(line)-1], nil
}

func ExamplePool() {
	address, stop := echoServer()
	defer stop()
	pool := &connpool.Pool{ // the zero value would do
		MaxPerAddress: 8,
		IdleTimeout:   90 * time.Second,
		Backoff:       &connpool.Backoff{},
	}
	defer pool.Close()

	for _, question := range []string{"one", "two"} {
		err := pool.Do(context.Background(), "tcp", address, func(c *connpool.Conn) error {
			answer, err := ask(c, question)
			fmt.Println(answer, c.Reused())
			return err
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// one false
	// two true
}

func ExamplePool_Get() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := pool.Get(ctx, "tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := ask(c, "hello")
	if err != nil {
		c.Close() // its state is not known
		return
	}
	c.Put()
	fmt.Println(answer)
	// Output: hello
}

func ExamplePool_TryGet() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()

	_, ok := pool.TryGet("tcp", address)
	fmt.Println(ok)
	if c, err := pool.Get(context.Background(), "tcp", address); err == nil {
		c.Put()
	}
	c, ok := pool.TryGet("tcp", address)
	fmt.Println(ok)
	c.Put()
	// Output:
	// false
	// true
}

func ExamplePool_Do() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()

	notFound := errors.New("not found")
	err := pool.Do(context.Background(), "tcp", address, func(c *connpool.Conn) error {
		answer, err := ask(c, "no")
		if err != nil {
			return err // closes the connection
		}
		if answer == "no" {
			c.Put() // it is in order: the error is not its fault
			return notFound
		}
		return nil // puts it
	})
	fmt.Println(err, pool.Stats().Idle)
	// Output: not found 1
}

func ExamplePool_DialContext() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello")
	}))
	defer server.Close()
	pool := &connpool.Pool{EvictQuiet: time.Minute}
	defer pool.Close()

	client := &http.Client{Transport: &http.Transport{DialContext: pool.DialContext}}
	answer, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(string(body), pool.Stats().Dialed)
	client.CloseIdleConnections()
	// Output: hello 1
}

func ExamplePool_Warm() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()

	if err := pool.Warm(context.Background(), "tcp", address, 3); err != nil {
		fmt.Println(err)
	}
	fmt.Println(pool.Stats().Idle)
	// Output: 3
}

func ExamplePool_CloseIdle() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()
	_ = pool.Warm(context.Background(), "tcp", address, 2)

	c, err := pool.Get(context.Background(), "tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	pool.CloseIdle("tcp", address) // say, the server was replaced
	fmt.Println(pool.Stats().Idle, pool.Stats().InUse)
	c.Put() // closes it
	fmt.Println(pool.Stats().Idle, pool.Stats().InUse)
	// Output:
	// 0 1
	// 0 0
}

func ExamplePool_CloseIdleConnections() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()

	_ = pool.Warm(context.Background(), "tcp", address, 2)
	pool.CloseIdleConnections()
	fmt.Println(pool.Stats().Idle)
	// Output: 0
}

func ExamplePool_Shutdown() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	c, err := pool.Get(context.Background(), "tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	go c.Put()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := pool.Shutdown(ctx); err != nil {
		pool.Close() // some users are late
	}
	_, err = pool.Get(ctx, "tcp", address)
	fmt.Println(errors.Is(err, connpool.ErrClosed), errors.Is(err, net.ErrClosed))
	// Output: true true
}

func ExamplePool_Close() {
	pool := new(connpool.Pool)
	pool.Close()
	_, err := pool.Get(context.Background(), "tcp", "127.0.0.1:1")
	fmt.Println(err)
	// Output: connpool: tcp "127.0.0.1:1": the pool is closed
}

func ExamplePool_Stats() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()
	for range 3 {
		if c, err := pool.Get(context.Background(), "tcp", address); err == nil {
			c.Put()
		}
	}
	pool.CloseIdleConnections()
	st := pool.Stats()
	fmt.Println(st.Dials.Succeeded, st.Reuses, st.Closed.ByUser)
	// Output: 1 2 1
}

func ExamplePool_Holders() {
	address, stop := echoServer()
	defer stop()
	pool := &connpool.Pool{HoldWarning: time.Minute}
	defer pool.Close()
	c, err := pool.Get(context.Background(), "tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Put()
	for h := range pool.Holders() {
		fmt.Println(h.Address == address, time.Since(h.Since) < time.Minute, len(h.Stack) > 0)
	}
	// Output: true true true
}
