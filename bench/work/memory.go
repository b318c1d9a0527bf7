package work

import (
	"runtime"
	"strconv"
	"testing"
	"time"
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

// heap is what is in use after all that can be freed is. Finalizers, and what
// earlier benchmarks left to them, take several collections.
func heap() int64 {
	const quiet = 3 // collections in a row that free nothing to speak of
	var m runtime.MemStats
	last, same := int64(0), 0
	for range 100 {
		runtime.GC()
		time.Sleep(time.Millisecond) // for finalizers to run
		runtime.ReadMemStats(&m)
		now := int64(m.HeapAlloc)
		if same++; max(now-last, last-now) > bytesResources/10 {
			same = 0
		}
		if last = now; same == quiet {
			break
		}
	}
	return last
}

// closePool ends a pool that has to be.
func closePool(p any) {
	if c, ok := p.(interface{ Close() }); ok {
		c.Close()
	}
}
