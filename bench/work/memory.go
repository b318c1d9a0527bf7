package work

import (
	"runtime"
	"strconv"
	"testing"
)

// bytesResources is how many are made to find the size of one.
const bytesResources = 10_000

// Bytes is the memory that a resource takes before it is first used, as the
// heap shows it. It is no matter of time.
func Bytes(b *testing.B, all []Contender, conns []ConnContender) {
	s := Shape{Slots: bytesResources, Resources: bytesResources, Exact: true}
	for _, c := range all {
		bytesOf(b, "of=resource/impl="+c.Name(), func() any { return c.New(s) })
	}
	addresses := make([]string, bytesResources)
	for i := range addresses {
		addresses[i] = "127.0.0.1:" + strconv.Itoa(1+i)
	}
	for _, c := range conns {
		cs := ConnShape{Slots: 1, Addresses: addresses}
		bytesOf(b, "of=connection/impl="+c.Name(), func() any { return c.New(cs) })
	}
}

func bytesOf(b *testing.B, name string, make func() any) {
	var size float64
	b.Run(name, func(b *testing.B) {
		if b.N == 1 { // the first of the runs that find out how many to make
			before := heap()
			made := make()
			size = float64(heap()-before) / bytesResources
			if made == nil {
				b.Skip("does not fit this work")
			}
			closePool(made)
		}
		b.ReportMetric(size, "B/resource")
		b.ReportMetric(0, "ns/op")
	})
}

// heap is what is in use after all that can be freed is.
func heap() int64 {
	for range 3 { // finalizers and sync.Pools take more than one
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// closePool ends a pool that has to be.
func closePool(p any) {
	if c, ok := p.(interface{ Close() }); ok {
		c.Close()
	}
}
