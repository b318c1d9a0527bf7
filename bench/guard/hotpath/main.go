// Hotpath runs one hot path many times, for callgrind to count instructions.
//
//	hotpath WHICH N
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/evict"
	"github.com/slotpool/slotpool/resourcepool"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hotpath:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: hotpath WHICH N, got %q", args)
	}
	n, err := strconv.Atoi(args[1])
	if err != nil || n < 1 {
		return fmt.Errorf("%q: want a positive number of cycles", args[1])
	}
	switch args[0] {
	case "resource":
		return cycles(resources(1), n)
	case "evict":
		// Under callgrind a clock runs so fast that an Allocate of nothing seems
		// a dial.
		defer evict.ForceClock(func() time.Duration { return 0 })()
		return cycles(resources(64), n)
	case "evict-costly":
		var now time.Duration
		defer evict.ForceClock(func() time.Duration { now += 50 * time.Microsecond; return now })()
		return cycles(resources(64), n)
	case "conn":
		c := connpool.New("tcp", "127.0.0.1:1")
		if err := connCycles(c, 1); err != nil {
			return err
		}
		return connCycles(c, n)
	case "pool":
		p := &connpool.Pool{DialFunc: func(context.Context, string, string) (net.Conn, error) { return pipes{}.Dial("", "") }}
		if err := poolCycles(p, 1); err != nil {
			return err
		}
		return poolCycles(p, n)
	}
	return fmt.Errorf("%q is no hot path", args[0])
}

// resources returns n resources of a pool of 8 slots.
func resources(n int) []*resourcepool.Resource {
	pool := resourcepool.New(8, "")
	rs := make([]*resourcepool.Resource, n)
	for i := range rs {
		rs[i] = pool.Create(nothing{})
	}
	return rs
}

// cycles gets and puts n times, the resources in turn. It is what is counted.
//
//go:noinline
func cycles(rs []*resourcepool.Resource, n int) error {
	for i := range n {
		r := rs[i&(len(rs)-1)]
		if err := r.Get(nil); err != nil {
			return err
		}
		r.Put()
	}
	return nil
}

// connCycles is cycles for a connection that shows no socket: without the
// system call, of which callgrind counts nothing.
//
//go:noinline
func connCycles(c *connpool.ConnResource, n int) error {
	for range n {
		conn, err := c.GetWithDialer(nil, pipes{})
		if err != nil {
			return err
		}
		conn.Put()
	}
	return nil
}

// poolCycles is connCycles through a Pool, which looks the address up.
//
//go:noinline
func poolCycles(p *connpool.Pool, n int) error {
	for range n {
		conn, err := p.Get(context.Background(), "tcp", "127.0.0.1:1")
		if err != nil {
			return err
		}
		conn.Put()
	}
	return nil
}

type nothing struct{}

func (nothing) Allocate() error { return nil }
func (nothing) Release() error  { return nil }

type pipes struct{}

func (pipes) Dial(_, _ string) (net.Conn, error) {
	c, _ := net.Pipe()
	return c, nil
}
