package connpool_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// With a HoldWarning each holder is known by the stack of its Get: the first frames
// are those of whoever called it.
func ExampleHolder_Frames() {
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
		frames := h.Frames()
		for {
			f, more := frames.Next()
			if strings.HasSuffix(f.Function, "connpool_test.ExampleHolder_Frames") {
				fmt.Println("held by this very function")
			}
			if !more {
				break
			}
		}
	}
	// Output: held by this very function
}

// Why connections go, by the names that the log and the metrics have too.
func ExampleCloseReason_String() {
	address, stop := echoServer()
	defer stop()
	var mu sync.Mutex
	closes := map[string]int{}
	pool := &connpool.Pool{Trace: &connpool.Trace{
		Closed: func(_, _ string, why connpool.CloseReason) { // may be called by several at once
			mu.Lock()
			defer mu.Unlock()
			closes[why.String()]++
		},
	}}
	if err := pool.Warm(context.Background(), "tcp", address, 2); err != nil {
		fmt.Println(err)
	}
	pool.CloseIdle("tcp", address)
	fmt.Println(closes)
	// Output: map[user:2]
}

// The latest closes, and the addresses that dial most: where to look first when a
// pool dials more than it should.
func ExamplePool_RecentCloses() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()
	for range 3 {
		c, err := pool.Get(context.Background(), "tcp", address)
		if err != nil {
			fmt.Println(err)
			return
		}
		c.Close() // and so it is not reused
	}
	for _, c := range pool.RecentCloses() {
		fmt.Println(c.Address == address, c.Why)
	}
	for _, a := range pool.Busiest().Dials {
		fmt.Println(a.Address == address, a.Count, "dials")
	}
	// Output:
	// true user
	// true user
	// true user
	// true 3 dials
}

func ExamplePool_Times() {
	address, stop := echoServer()
	defer stop()
	pool := new(connpool.Pool)
	defer pool.Close()
	if err := pool.Warm(context.Background(), "tcp", address, 2); err != nil {
		fmt.Println(err)
	}
	dial := pool.Times().Dial
	fmt.Println(dial.Count(), "dials, half of them under a second:", dial.Quantile(0.5) < time.Second)
	// Output: 2 dials, half of them under a second: true
}
