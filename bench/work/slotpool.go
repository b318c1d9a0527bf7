package work

import "github.com/slotpool/slotpool/resourcepool"

// Slotpool is this library.
var Slotpool = Named("slotpool", func(s Shape) Pool {
	pool := resourcepool.New(uint(s.Slots), "")
	p := make(slotpool, s.Resources)
	for i := range p {
		p[i] = pool.Create(nothing{})
	}
	return p
})

// nothing is an underlying thing that costs nothing.
type nothing struct{}

func (nothing) Allocate() error { return nil }
func (nothing) Release() error  { return nil }

type slotpool []*resourcepool.Resource

func (p slotpool) Walk(order []int) func(n int) {
	list := Arrange(p, order)
	return func(n int) {
		for ; n > 0; n -= len(list) {
			for _, r := range list[:min(n, len(list))] {
				Check(r.Get(nil))
				r.Put()
			}
		}
	}
}

func (p slotpool) User(i int) User { return slotpoolUser{p[i]} }

type slotpoolUser struct{ r *resourcepool.Resource }

func (u slotpoolUser) Get() { Check(u.r.Get(nil)) }
func (u slotpoolUser) Put() { u.r.Put() }
