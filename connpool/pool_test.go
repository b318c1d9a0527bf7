package connpool

import (
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestPoolReusesTheNewestConnection(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	a, b := get(t, p, "x:1"), get(t, p, "x:1")
	if a.Reused() || b.Reused() {
		t.Fatal("fresh connections called reused")
	}
	newest := idOf(a)
	b.Put()
	a.Put()
	c := get(t, p, "x:1")
	if idOf(c) != newest || !c.Reused() {
		t.Fatalf("got connection %d, reused %v; want %d, reused", idOf(c), c.Reused(), newest)
	}
	other := get(t, p, "y:1")
	if other.Reused() {
		t.Fatal("another address got a used connection")
	}
	c.Put()
	other.Put()
	if dials, _ := n.count(); dials != 3 {
		t.Fatalf("%d dials, want 3", dials)
	}
	if st := p.Stats(); st.Idle != 3 || st.InUse != 0 || st.Addresses != 2 {
		t.Fatalf("%+v", st)
	}
}

func TestPoolKeepsNetworksApart(t *testing.T) {
	p, n := fakePool(t, 8, nil)
	for _, network := range []string{"tcp", "tcp4", "unix", ""} {
		c, err := p.Get(patient(t), network, "x:1")
		if err != nil {
			t.Fatal(err)
		}
		c.Put()
	}
	if dials, _ := n.count(); dials != 4 {
		t.Fatalf("%d dials, want 4", dials)
	}
}

func TestPoolAllocatesNothingForAReuse(t *testing.T) {
	p, _ := fakePool(t, 8, nil)
	get(t, p, "x:1").Put()
	ctx := patient(t)
	if n := testing.AllocsPerRun(1000, func() {
		c, err := p.Get(ctx, "tcp", "x:1")
		if err != nil {
			t.Fatal(err)
		}
		c.Put()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPoolFieldsAreReadAtFirstUse(t *testing.T) {
	p, n := fakePool(t, 2, nil)
	get(t, p, "x:1").Put()
	p.DialFunc, p.MaxWaiting = nil, -1
	get(t, p, "y:1").Put()
	if dials, _ := n.count(); dials != 2 {
		t.Fatalf("%d dials, want 2", dials)
	}
}

func TestPoolHandlesOfAnEarlierUser(t *testing.T) {
	p, _ := fakePool(t, 1, nil)
	a := get(t, p, "x:1")
	a.Put()
	testkit.WantPanic(t, "Resource was not gotten", a.Put)
	b := get(t, p, "x:1")
	testkit.WantPanic(t, "Resource was not gotten", a.Put) // b has it
	if err := a.Close(); err != nil || b.Conn == nil {
		t.Fatalf("%v, %v", err, b.Conn)
	}
	_ = b.Close()
	b.Put() // does nothing
	c := get(t, p, "x:1")
	b.Put()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if st := p.Stats(); st.InUse != 1 {
		t.Fatalf("%+v", st)
	}
	c.Put()
}

func TestPoolTryGet(t *testing.T) {
	p, n := fakePool(t, 1, nil)
	if _, ok := p.TryGet("tcp", "x:1"); ok {
		t.Fatal("of nothing")
	}
	get(t, p, "x:1").Put()
	c, ok := p.TryGet("tcp", "x:1")
	if !ok || !c.Reused() {
		t.Fatal("not reused")
	}
	if _, ok := p.TryGet("tcp", "x:1"); ok {
		t.Fatal("of one in use")
	}
	c.Put()
	if dials, _ := n.count(); dials != 1 {
		t.Fatalf("%d dials, want 1", dials)
	}
}
