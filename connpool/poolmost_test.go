package connpool

import (
	"context"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestPoolMaxPerAddress(t *testing.T) {
	p, n := fakePool(t, 8, func(p *Pool) { p.MaxPerAddress = 2 })
	a, b := get(t, p, "x:1"), get(t, p, "x:1")
	got := make(chan *Conn)
	go func() { got <- get(t, p, "x:1") }()
	awaitWaiting(t, p, 1)
	get(t, p, "y:1").Put() // is not held up
	first := idOf(a)
	a.Put()
	c := <-got
	if idOf(c) != first {
		t.Fatalf("got %d, want %d that was put", idOf(c), first)
	}
	go func() { got <- get(t, p, "x:1") }()
	awaitWaiting(t, p, 1)
	_ = b.Close() // makes room for a dial
	d := <-got
	if d.Reused() {
		t.Fatal("want a new connection")
	}
	c.Put()
	d.Put()
	if dials, _ := n.count(); dials != 4 {
		t.Fatalf("%d dials, want 4", dials)
	}
}

func TestPoolMaxWaiting(t *testing.T) {
	p, _ := fakePool(t, 2, func(p *Pool) { p.MaxWaiting = 2 })
	a, b := get(t, p, "x:1"), get(t, p, "y:1")
	got := make(chan *Conn)
	for range 2 {
		go func() { got <- get(t, p, "x:1") }()
	}
	awaitWaiting(t, p, 2)
	for range 3 {
		_, err := p.Get(context.Background(), "tcp", "x:1")
		wantIs(t, "one more", err, ErrTooManyWaiting)
	}
	a.Put()
	b.Put()
	(<-got).Put()
	(<-got).Put()
	get(t, p, "z:1").Put()
}

// Gets that came at the same instant were all told that they could dial, and
// waited uncounted.
func TestPoolMaxWaitingOfGetsAtTheSameInstant(t *testing.T) {
	const users, most = 32, 2
	p, n := fakePool(t, 1, func(p *Pool) { p.MaxWaiting = most })
	goOn := make(chan bool)
	n.on = func(context.Context, string) error { <-goOn; return nil }
	start, got := make(chan bool), make(chan error, users)
	for u := range users {
		go func() {
			<-start
			c, err := p.Get(context.Background(), "tcp", addressOf(u%3))
			if err == nil {
				c.Put()
			}
			got <- err
		}()
	}
	close(start)
	for range users - 1 - most { // one dials
		wantIs(t, "one more", <-got, ErrTooManyWaiting)
	}
	close(goOn)
	for range 1 + most {
		testkit.WantErr(t, "one that may wait", <-got, nil)
	}
}

func TestPoolMaxWaitingAtTheCap(t *testing.T) {
	p, _ := fakePool(t, 8, func(p *Pool) { p.MaxWaiting, p.MaxPerAddress = 1, 1 })
	c := get(t, p, "x:1")
	got := make(chan *Conn)
	go func() { got <- get(t, p, "x:1") }()
	awaitWaiting(t, p, 1)
	_, err := p.Get(context.Background(), "tcp", "x:1")
	wantIs(t, "one more", err, ErrTooManyWaiting)
	get(t, p, "y:1").Put() // need not wait
	c.Put()
	(<-got).Put()
}
