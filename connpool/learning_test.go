package connpool

import (
	"math/rand/v2"
	"testing"

	"github.com/slotpool/slotpool/resourcepool"
)

// What eviction learned of an address outlives the address's place in the table: a Pool,
// which forgets each address whose connection it evicts, dials about as often
// as Resources that last. Without the memory it dials an eighth more.
func TestEvictionRemembersAddressesThatTheTableForgot(t *testing.T) {
	const slots, gets = 64, 40_000
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 8, slots*20)
	var trace [gets]int
	for i := range trace {
		trace[i] = int(zipf.Uint64())
	}

	p, n := fakePool(t, slots, nil)
	for _, i := range trace {
		get(t, p, addressOf(i)).Put()
	}
	dials, _ := n.count()

	lasting := resourcepool.New(slots, "")
	var rs [slots*20 + 1]*resourcepool.Resource
	opened := new(dialCounter)
	for _, i := range trace {
		if rs[i] == nil {
			rs[i] = lasting.Create(opened)
		}
		if err := rs[i].Get(nil); err != nil {
			t.Fatal(err)
		}
		rs[i].Put()
	}

	t.Logf("%d dials of the Pool, %d of Resources that last", dials, opened.n)
	if dials > opened.n*108/100 {
		t.Errorf("%d dials, %d of Resources that last", dials, opened.n)
	}
}

// dialCounter counts its allocations.
type dialCounter struct{ n int }

func (c *dialCounter) Allocate() error { c.n++; return nil }
func (c *dialCounter) Release() error  { return nil }
