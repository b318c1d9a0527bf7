package main

import (
	"bytes"
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
	"github.com/slotpool/slotpool/internal/sysnet"
)

var errVerdict = errors.New("the verdict is bad")

type demo struct {
	options
	resources []*connpool.ConnResource
	over      atomic.Bool
	requests  atomic.Uint64
	retries   atomic.Uint64
	failed    atomic.Uint64
	peak      atomic.Int64 // descriptors
	lastError atomic.Pointer[error]
}

func run(o options) error {
	addresses, stop, err := startServers(o.addresses)
	if err != nil {
		return err
	}
	defer stop()
	limitDescriptors(o.slots)
	d := &demo{options: o}
	for _, a := range addresses {
		d.resources = append(d.resources, connpool.New("tcp", a))
	}
	// One request first, for what Go opens at its first use of the network.
	if err := d.request(d.resources[0], 0); err != nil {
		return err
	}
	d.resources[0].ScheduleClose()
	start := openFDs()
	fmt.Printf("%d addresses, %d slots, %d users, %v\n", len(addresses),
		connpool.GetResourcePool().Stats().Max, o.users, o.duration)
	d.fanOut()
	stats := connpool.GetResourcePool().Stats()
	reuseAllocations := d.allocationsPerReuse()
	for _, r := range d.resources {
		r.ScheduleClose()
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
	zipf := rand.NewZipf(rng, 1.1, 8, uint64(len(d.resources)-1))
	for n := seed << 32; !d.over.Load(); n++ {
		if err := d.request(d.resources[zipf.Uint64()], n); err != nil {
			d.failed.Add(1)
			d.lastError.Store(&err)
		}
	}
}

// request asks once more if the first connection was one that the server hung
// up between the pool's look at it and the request, as anyone must who reuses
// connections.
func (d *demo) request(r *connpool.ConnResource, n uint64) (err error) {
	for range 3 {
		var conn *connpool.Conn
		if conn, err = r.Get(nil, 5*time.Second); err != nil {
			return err
		}
		if err = exchange(conn, n); err == nil {
			conn.Put()
			d.requests.Add(1)
			return nil
		}
		conn.Close()
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
	r := d.resources[0]
	if d.request(r, 0) != nil {
		return -1
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		conn, err := r.Get(nil, 0)
		if err != nil {
			return -1
		}
		conn.Put()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / rounds
}
