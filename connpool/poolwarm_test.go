package connpool

import (
	"context"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

func TestPoolWarm(t *testing.T) {
	p, n := fakePool(t, 4, nil)
	get(t, p, "other:1").Put()
	testkit.WantErr(t, "Warm", p.Warm(patient(t), "tcp", "x:1", 2), nil)
	testkit.WantErr(t, "again", p.Warm(patient(t), "tcp", "x:1", 2), nil)
	if dials, open := n.count(); dials != 3 || open != 3 {
		t.Fatalf("%d dials, %d open, want 3", dials, open)
	}
	err := p.Warm(patient(t), "tcp", "x:1", 5)
	wantIs(t, "more than free slots", err, resourcepool.ErrorResourceLimitExceeded)
	if !strings.Contains(err.Error(), "3 of 5") {
		t.Errorf("%v", err)
	}
	if st := p.Stats(); st.Idle != 4 || st.Closed.Evicted != 0 {
		t.Fatalf("%+v", st)
	}
	if c := get(t, p, "x:1"); c.Reused() {
		t.Error("a warm connection was called reused")
	} else {
		c.Put()
	}
	if err := p.Warm(patient(t), "tcp", "x:1", -1); err == nil || !strings.Contains(err.Error(), "-1") {
		t.Errorf("%v", err)
	}
	capped, _ := fakePool(t, 4, func(p *Pool) { p.MaxPerAddress = 1 })
	if err := capped.Warm(patient(t), "tcp", "x:1", 2); err == nil || !strings.Contains(err.Error(), "MaxPerAddress") {
		t.Errorf("%v", err)
	}
}

func TestPoolWarmFails(t *testing.T) {
	p, n := fakePool(t, 4, nil)
	n.on = func(context.Context, string) error { return errFake }
	wantIs(t, "Warm", p.Warm(patient(t), "tcp", "x:1", 3), errFake)
}

// Warm waited for the slot that another Get took meanwhile, and at MaxPerAddress.
func TestPoolWarmNeverWaits(t *testing.T) {
	p, _ := fakePool(t, 1, func(p *Pool) { p.MaxPerAddress = 1 })
	c := get(t, p, "x:1")
	for _, address := range []string{"x:1", "y:1"} {
		wantIs(t, address, p.Warm(context.Background(), "tcp", address, 1), resourcepool.ErrorResourceLimitExceeded)
	}
	c.Put()
	wantIs(t, "would evict", p.Warm(context.Background(), "tcp", "y:1", 1), resourcepool.ErrorResourceLimitExceeded)
	testkit.WantErr(t, "is there", p.Warm(context.Background(), "tcp", "x:1", 1), nil)
}
