package connpool

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

func TestPoolContextThatIsOverFailsAtOnce(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	get(t, p, "x:1").Put()
	for _, verb := range []func(ctx context.Context) error{
		func(ctx context.Context) error { _, err := p.Get(ctx, "tcp", "x:1"); return err },
		func(ctx context.Context) error { _, err := p.DialContext(ctx, "tcp", "x:1"); return err },
		func(ctx context.Context) error { return p.Warm(ctx, "tcp", "z:1", 2) },
		func(ctx context.Context) error { return p.Do(ctx, "tcp", "x:1", func(*Conn) error { return nil }) },
	} {
		wantIs(t, "over", verb(ended()), context.Canceled, errFake)
	}
	if dials, _ := n.count(); dials != 1 {
		t.Fatalf("%d dials, want 1", dials)
	}
}

func TestPoolErrorOfAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := fakePool(t, 1, nil)
		c := get(t, p, "x:1")
		defer c.Put()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		for _, address := range []string{"x:1", "y:1"} {
			_, err := p.Get(ctx, "tcp", address)
			wantIs(t, address, err, context.DeadlineExceeded)
			var n net.Error
			if !errors.As(err, &n) || !n.Timeout() || !strings.Contains(err.Error(), address) {
				t.Errorf("%T %v: want a net.Error with Timeout that names %s", err, err, address)
			}
		}
	})
}

func TestPoolErrorOfADial(t *testing.T) {
	p, n := fakePool(t, 1, nil)
	n.on = func(context.Context, string) error { return errFake }
	_, err := p.Get(patient(t), "tcp", "x:1")
	wantIs(t, "Get", err, errFake)
	var e *GetError
	if !errors.As(err, &e) || e.Address != "x:1" || e.Timeout() || err.Error() != `connpool: tcp "x:1": fake error` {
		t.Fatalf("%v", err)
	}
	_, err = p.DialContext(patient(t), "tcp", "x:1")
	wantIs(t, "DialContext", err, errFake)
	if st := p.Stats(); st.Addresses != 1 || st.Dials.Failed != 2 || st.WaitsFailed != 2 {
		t.Fatalf("%+v", st)
	}
}

func TestPoolLastDialErrorIsToldToWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, n := fakePool(t, 2, func(p *Pool) { p.MaxPerAddress = 1 })
		c := get(t, p, "x:1")
		n.on = func(context.Context, string) error { return errFake }
		h := p.body.p.Load().hosts.find(hashOf("tcp", "x:1"), "tcp", "x:1")
		h.dialled(context.Background(), time.Now(), errFake)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_, err := p.Get(ctx, "tcp", "x:1")
		var e *GetError
		if !errors.As(err, &e) || e.Open != 1 || e.LastDial != errFake || !strings.Contains(err.Error(), "fake error") {
			t.Fatalf("%v", err)
		}
		c.Put()
	})
}

func TestPoolBadFieldsAreNamed(t *testing.T) {
	for want, p := range map[string]*Pool{
		"Pool.DialTimeout is -1s":    {DialTimeout: -time.Second},
		"Pool.MaxPerAddress is -2":   {MaxPerAddress: -2},
		"Pool.MaxWaiting is -3":      {MaxWaiting: -3},
		"Pool.IdleTimeout is -1ns":   {IdleTimeout: -1},
		"Pool.MaxLifetime is -1ns":   {MaxLifetime: -1},
		"Pool.EvictQuiet is -1ns":    {EvictQuiet: -1},
		"Pool.HoldWarning is -1ns":   {HoldWarning: -1},
		"Pool.Backoff.Base is -1ns":  {Backoff: &Backoff{Base: -1}},
		"Pool.Backoff.Max is 1ns":    {Backoff: &Backoff{Max: 1}},
		"Pool.Backoff.Factor is 0.5": {Backoff: &Backoff{Factor: 0.5}},
		"Pool.Backoff.Jitter is 1.5": {Backoff: &Backoff{Jitter: 1.5}},
	} {
		_, err := p.Get(context.Background(), "tcp", "x:1")
		for _, err := range []error{err, p.Shutdown(context.Background()), p.Close(), p.Warm(context.Background(), "tcp", "x:1", 1)} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want one that says %q", err, want)
			}
		}
		if c, ok := p.TryGet("tcp", "x:1"); ok || c != nil {
			t.Error("TryGet of a bad pool succeeded")
		}
	}
	p := &Pool{Slots: resourcepool.New(1, ""), Backoff: &Backoff{Jitter: -1}}
	if err := p.Shutdown(context.Background()); err != nil {
		t.Errorf("negative Jitter means none: %v", err)
	}
}

func TestErrClosedIsNetErrClosed(t *testing.T) {
	if !errors.Is(ErrClosed, net.ErrClosed) || errors.Is(ErrClosed, errFake) {
		t.Fatal("it is not")
	}
}
