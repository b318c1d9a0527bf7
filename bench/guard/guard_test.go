// Package guard fails on a regression that needs no clock to see: allocations,
// sizes, inlining, and instructions where callgrind can count them.
package guard

import (
	"net"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// The most that an address may take before it is first used. A program may
// know a million of them.
const (
	resourceBytes = 128
	connBytes     = 192
)

type nothing struct{}

func (nothing) Allocate() error { return nil }
func (nothing) Release() error  { return nil }

func TestAllocationsOfGetAndPut(t *testing.T) {
	r := resourcepool.New(1, "").Create(nothing{})
	wantAllocations(t, 0, func() {
		if err := r.Get(nil); err != nil {
			t.Fatal(err)
		}
		r.Put()
	})
}

func TestAllocationsOfEviction(t *testing.T) {
	pool := resourcepool.New(8, "")
	var rs [64]*resourcepool.Resource
	for i := range rs {
		rs[i] = pool.Create(nothing{})
	}
	next := 0
	wantAllocations(t, 0, func() {
		r := rs[next%len(rs)]
		next++
		if err := r.Get(nil); err != nil {
			t.Fatal(err)
		}
		r.Put()
	})
	if pool.Stats().Evictions == 0 {
		t.Error("nothing was evicted")
	}
}

func TestAllocationsOfConn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c := connpool.New("tcp", listener.Addr().String())
	defer c.ScheduleClose()
	wantAllocations(t, 0, func() {
		conn, err := c.Get(nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		conn.Put()
	})
}

// wantAllocations runs f once before it counts, for what the first time makes.
func wantAllocations(t *testing.T, want float64, f func()) {
	t.Helper()
	f()
	if n := testing.AllocsPerRun(1000, f); n > want {
		t.Errorf("%v allocations, want at most %v", n, want)
	}
}

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(resourcepool.Resource{}); n > resourceBytes {
		t.Errorf("a Resource takes %d bytes, want at most %d", n, resourceBytes)
	}
	if n := unsafe.Sizeof(connpool.ConnResource{}); n > connBytes {
		t.Errorf("a ConnResource takes %d bytes, want at most %d", n, connBytes)
	}
}

// TestBytesBeforeFirstUse counts all that comes with a new resource, also
// beside its struct.
func TestBytesBeforeFirstUse(t *testing.T) {
	pool := resourcepool.New(8, "")
	if n := bytesOf(func() any { return pool.CreateKeyed(nothing{}, "127.0.0.1:1") }); n > resourceBytes {
		t.Errorf("a new Resource takes %v bytes, want at most %d", n, resourceBytes)
	}
	if n := bytesOf(func() any { return connpool.New("tcp", "127.0.0.1:1") }); n > connBytes {
		t.Errorf("a new ConnResource takes %v bytes, want at most %d", n, connBytes)
	}
}

func bytesOf(make func() any) uint64 {
	const n = 10_000
	kept := [n]any{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range kept {
		kept[i] = make()
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return (after.TotalAlloc - before.TotalAlloc) / n
}

// TestInlining asks the compiler. The fast half of Get must be inlined into
// its callers, and the verbs that only pass a call on must cost nothing.
func TestInlining(t *testing.T) {
	const module = "github.com/slotpool/slotpool/"
	for _, c := range []struct {
		name string
		want []string
	}{
		{"resourcepool", []string{
			"api_resource.go: inlining call to (*resource).tryGet",
			"api_resource.go: can inline (*Resource).TryGetUnchecked",
			"api_resource.go: can inline (*Resource).Put",
			"api_resource.go: can inline (*Resource).PutGeneration",
		}},
		{"connpool", []string{
			"resource.go: inlining call to resourcepool.(*resource).tryGet",
			"resource.go: inlining call to (*connection).handOut",
			"api.go: can inline (*ConnResource).Get",
			"api.go: can inline (*Conn).Put",
			"conn.go: inlining call to resourcepool.(*Resource).PutGeneration",
		}},
	} {
		out, err := exec.Command("go", "build", "-gcflags="+module+c.name+"=-m", module+c.name).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		said := decisions(string(out))
		for _, want := range c.want {
			if !said[want] {
				t.Errorf("%s: the compiler no longer says %q", c.name, want)
			}
		}
	}
}

// decisions are the lines of the compiler as "file: decision", without the
// folder, the line and the column.
func decisions(out string) map[string]bool {
	said := map[string]bool{}
	for line := range strings.Lines(out) {
		place, decision, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		file, _, _ := strings.Cut(place[strings.LastIndex(place, "/")+1:], ":")
		said[file+": "+decision] = true
	}
	return said
}
