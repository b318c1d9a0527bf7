package connpool

import (
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestPoolDo(t *testing.T) {
	p, n := fakePool(t, 1, nil)
	do := func(f func(*Conn) error) error { return p.Do(patient(t), "tcp", "x:1", f) }
	want := func(what string, dials, open int) {
		t.Helper()
		if d, o := n.count(); d != dials || o != open {
			t.Fatalf("%s: %d dials, %d open, want %d, %d", what, d, o, dials, open)
		}
	}
	testkit.WantErr(t, "nil", do(func(*Conn) error { return nil }), nil)
	want("nil puts", 1, 1)
	testkit.WantErr(t, "error", do(func(c *Conn) error {
		if !c.Reused() {
			t.Error("not reused")
		}
		return errFake
	}), errFake)
	want("an error closes", 1, 0)
	testkit.WantErr(t, "put", do(func(c *Conn) error { c.Put(); return errFake }), errFake)
	want("an error after Put keeps it", 2, 1)
	testkit.WantErr(t, "closed", do(func(c *Conn) error { return c.Close() }), nil)
	want("closed by f", 2, 0)
	testkit.WantPanic(t, "fake panic", func() { _ = do(func(*Conn) error { panic("fake panic") }) })
	want("a panic closes", 3, 0)
	testkit.WantErr(t, "others meanwhile", do(func(c *Conn) error {
		c.Put()
		for range 4 { // enough for its handle to be handed out again, were it one of the two
			get(t, p, "x:1").Put()
		}
		held := get(t, p, "x:1")
		t.Cleanup(held.Put)
		return errFake
	}), errFake)
	want("another user's connection stays open", 4, 1)
}
