package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/livepage"
	"github.com/slotpool/slotpool/internal/sysnet"
)

var errVerdict = errors.New("the verdict is bad")

type demo struct {
	options
	pool      connpool.Pool
	servers   []string
	over      atomic.Bool
	requests  atomic.Uint64
	retries   atomic.Uint64
	failed    atomic.Uint64
	peak      atomic.Int64 // descriptors
	pageFDs   int          // descriptors that the page may have open
	lastError atomic.Pointer[error]
}

func run(o options) error {
	addresses, stop, err := startServers(o.addresses)
	if err != nil {
		return err
	}
	defer stop()
	limitDescriptors(o.slots)
	connpool.GetResourcePool().SetMax(uint(o.slots)) // it sizes itself, but stays within that
	d := &demo{options: o, servers: addresses}
	d.pool.MaxPerAddress = 1 // an answer comes sooner than a dial ends
	if o.http != "" {
		d.pool.HoldWarning = 10 * time.Second // so that the page shows who holds what
	}
	// One request first, for what Go opens at its first use of the network.
	if err := d.request(d.servers[0], 0); err != nil {
		return err
	}
	d.pool.CloseIdleConnections()
	start := openFDs()
	fmt.Printf("%d addresses, %d slots, %d users, %v\n", len(addresses),
		connpool.GetResourcePool().Stats().Max, o.users, o.duration)
	page, err := livepage.Open(o.http, map[string]*connpool.Pool{"demo": &d.pool})
	if err != nil {
		return err
	}
	d.pageFDs = page.Descriptors()
	if page != nil {
		fmt.Printf("look at it: %s\n", page.URL())
	}
	d.fanOut()
	stats := connpool.GetResourcePool().Stats()
	page.Close()
	reuseAllocations := d.allocationsPerReuse()
	if err := d.pool.Close(); err != nil {
		return err
	}
	return d.report(stats, reuseAllocations, start, settled(start))
}

// limitDescriptors makes room for so many slots and no more. Where the system
// has no such limit, the pool has its usual size.
func limitDescriptors(slots int) {
	const reserve = 8 // what connpool keeps back of so low a limit
	if err := sysnet.SetFDLimit(uint64(openFDs() + slots + reserve)); err != nil {
		fmt.Fprintln(os.Stderr, "demo: the number of slots is the system's:", err)
	}
}

func (d *demo) fanOut() {
	var users, watch sync.WaitGroup
	for u := range d.users {
		users.Go(func() { d.user(uint64(u)) })
	}
	watch.Go(d.watchDescriptors)
	watch.Go(d.showProgress)
	time.Sleep(d.duration)
	d.over.Store(true)
	users.Wait()
	watch.Wait()
}

func (d *demo) user(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	zipf := rand.NewZipf(rng, 1.1, 8, uint64(len(d.servers)-1))
	for n := seed << 32; !d.over.Load(); n++ {
		if err := d.request(d.servers[zipf.Uint64()], n); err != nil {
			d.failed.Add(1)
			d.lastError.Store(&err)
		}
	}
}

// request asks once more if the first connection was one that the server hung
// up between the pool's look at it and the request, as anyone must who reuses
// connections. On a busy machine a hang-up may come long after the answer, and so
// again the next time.
func (d *demo) request(address string, n uint64) (err error) {
	for range 10 {
		sent := false
		err = d.pool.Do(context.Background(), "tcp", address, func(conn *connpool.Conn) error {
			sent = true
			return exchange(conn, n)
		})
		if err == nil {
			d.requests.Add(1)
			return nil
		}
		if !sent {
			return err
		}
		d.retries.Add(1)
	}
	return err
}

func exchange(conn io.ReadWriter, n uint64) error {
	var request, answer [requestSize]byte
	binary.BigEndian.PutUint64(request[:], n)
	if _, err := conn.Write(request[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return err
	}
	if !bytes.Equal(request[:], answer[:]) {
		return fmt.Errorf("request %x was answered with %x", request, answer)
	}
	return nil
}

// allocationsPerReuse counts what a Get and Put of a parked connection
// allocates, when nothing else runs.
func (d *demo) allocationsPerReuse() float64 {
	const rounds = 1000
	address := d.servers[0]
	if d.request(address, 0) != nil {
		return -1
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		conn, err := d.pool.Get(context.Background(), "tcp", address)
		if err != nil {
			return -1
		}
		conn.Put()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / rounds
}
