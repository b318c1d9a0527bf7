package connpool

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// One of 8 connections is in use for long. Who waits is served by whichever of the
// others comes first, in order of arrival.
func TestPoolGetsWaitForWhicheverComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 8
		p, n := fakePool(t, 64, func(p *Pool) { p.MaxPerAddress = most })
		var held []*Conn
		for range most {
			held = append(held, get(t, p, "x:1"))
		}
		slow, others := held[0], held[1:]
		served := make(chan int, most)
		var gets [most]*Conn
		for i := range gets {
			go func() {
				gets[i] = get(t, p, "x:1")
				served <- i
			}()
			synctest.Wait()
		}
		for i, at := range []int{4, 0, 6, 2, 5, 1, 3} {
			id := idOf(others[at])
			others[at].Put()
			if got := <-served; got != i {
				t.Fatalf("Get %d was served, want %d, which came first", got, i)
			}
			if idOf(gets[i]) != id {
				t.Fatalf("Get %d has connection %d, want %d, which was put", i, idOf(gets[i]), id)
			}
		}
		synctest.Wait()
		if len(served) != 0 {
			t.Fatal("one was served with nothing")
		}
		slow.Put()
		<-served
		for _, c := range gets {
			c.Put()
		}
		if dials, _ := n.count(); dials != most {
			t.Fatalf("%d dials, want %d", dials, most)
		}
	})
}

// A pool of connections to one server does for its users what a channel of free
// connections does: each of 64 waits as long, though one request in 20 is slow.
func TestPoolGetsWaitAsForAChannel(t *testing.T) {
	const most = 8
	var pool, channel [waitingUsers][]time.Duration
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 64, func(p *Pool) { p.MaxPerAddress = most })
		if err := p.Warm(patient(t), "tcp", "x:1", most); err != nil {
			t.Fatal(err)
		}
		held := make(chan *Conn, most)
		pool = waitsOf(func() { held <- get(t, p, "x:1") }, func() { (<-held).Put() })
	})
	synctest.Test(t, func(t *testing.T) {
		free := make(chan int, most)
		for i := range most {
			free <- i
		}
		channel = waitsOf(func() { <-free }, func() { free <- 0 })
	})
	waited := 0
	for u := range waitingUsers {
		if !slices.Equal(pool[u], channel[u]) {
			t.Errorf("user %d has waited %v, with a channel %v", u, pool[u], channel[u])
		}
		for _, d := range channel[u] {
			if d > 0 {
				waited++
			}
		}
	}
	if waited == 0 {
		t.Error("nobody has waited: this shows nothing")
	}
}

const waitingUsers = 64

// waitsOf returns how long each of the users has waited for each of its Gets. One request in
// 20 is slow.
func waitsOf(get, put func()) (all [waitingUsers][]time.Duration) {
	const requests = 100
	var done sync.WaitGroup
	for u := range waitingUsers {
		rng := rand.New(rand.NewPCG(uint64(u), 7))
		done.Go(func() {
			for range requests {
				time.Sleep(time.Duration(rng.Int64N(int64(30 * time.Millisecond))))
				began := time.Now()
				get()
				all[u] = append(all[u], time.Since(began))
				serves := 40*time.Microsecond + time.Duration(rng.Int64N(20_000))
				if rng.IntN(20) == 0 {
					serves += 20 * time.Millisecond
				}
				time.Sleep(serves)
				put()
			}
		})
	}
	done.Wait()
	return all
}
