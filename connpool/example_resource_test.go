package connpool_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

func ExampleConnResource_GetContext() {
	address, stop := echoServer()
	defer stop()
	cr := connpool.New("tcp", address)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for range 2 {
		conn, err := cr.GetContext(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(conn.Reused())
		conn.Put()
	}
	cr.ScheduleClose()
	// Output:
	// false
	// true
}

func ExampleConnResource_ScheduleClose() {
	address, stop := echoServer()
	defer stop()
	cr := connpool.New("tcp", address)
	for range 2 {
		conn, err := cr.Get(nil, 10*time.Second)
		if err != nil {
			fmt.Println(err)
			return
		}
		cr.ScheduleClose() // in use, so at its Put
		fmt.Println(conn.Reused())
		conn.Put()
	}
	// Output:
	// false
	// false
}

func ExampleGetError() {
	pool := connpool.Pool{Slots: resourcepool.New(0, "")}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := pool.Get(ctx, "tcp", "db.example:5432")
	var e *connpool.GetError
	fmt.Println(errors.As(err, &e), e.Address, e.Timeout())
	fmt.Println(errors.Is(err, resourcepool.ErrorResourceLimitExceeded))
	// Output:
	// true db.example:5432 true
	// true
}
