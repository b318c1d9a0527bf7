package slototel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/poolnames"
	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// reading maps name and attributes to what a reader gets: an int64, or a
// metricdata.HistogramDataPoint.
type reading map[string]any

func key(name string, set attribute.Set) string {
	return name + " " + set.Encoded(attribute.DefaultEncoder())
}

func read(t *testing.T, reader *sdk.ManualReader) reading {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	r := reading{}
	for _, s := range all.ScopeMetrics {
		if s.Scope.Name != scope {
			t.Errorf("scope %q", s.Scope.Name)
		}
		for _, m := range s.Metrics {
			if m.Description == "" || m.Unit == "" {
				t.Errorf("%s has no description or unit", m.Name)
			}
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					r[key(m.Name, p.Attributes)] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					r[key(m.Name, p.Attributes)] = p
				}
			default:
				t.Errorf("%s is a %T", m.Name, m.Data)
			}
		}
	}
	return r
}

func startReader(t *testing.T, e *Exporter) (*sdk.ManualReader, func() error) {
	t.Helper()
	reader := sdk.NewManualReader(sdk.WithProducer(e))
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	stop, err := e.Register(provider)
	if err != nil {
		t.Fatal(err)
	}
	return reader, stop
}

func (r reading) want(t *testing.T, key string, want int64) {
	t.Helper()
	if got, ok := r[key].(int64); !ok || got != want {
		t.Errorf("%s is %v, want %d", key, r[key], want)
	}
}

func TestFiguresAreRead(t *testing.T) {
	p := resourcepool.New(2, "a")
	held := testpool.Get(t, p)
	defer held.Put()
	testpool.Get(t, p).Put()
	testpool.Get(t, p).Put() // evicts
	testpool.GiveUp(t, p, held)
	if p.Create(&testpool.Thing{Err: errors.New("refused")}).GetContext(t.Context()) == nil {
		t.Fatal("it allocates")
	}
	reader, stop := startReader(t, &Exporter{Pools: []*resourcepool.Pool{p}})
	r := read(t, reader)
	const a = " slotpool.pool.name=a"
	r.want(t, "slotpool.slot.count"+a+",slotpool.slot.state=used", 1)
	r.want(t, "slotpool.slot.count"+a+",slotpool.slot.state=idle", 0)
	r.want(t, "slotpool.slot.max"+a, 2)
	r.want(t, "slotpool.slot.pending_requests"+a, 0)
	r.want(t, "slotpool.slot.timeouts"+a, 1)
	r.want(t, "slotpool.slot.gets"+a, 3)
	r.want(t, "slotpool.slot.reuses"+a, 0)
	r.want(t, "slotpool.slot.evictions"+a, 2)
	r.want(t, "slotpool.slot.create_errors"+a, 1)
	wait, ok := r["slotpool.slot.wait_time"+a].(metricdata.HistogramDataPoint[float64])
	waited := p.Times().ResourceWait.Sum.Seconds()
	if !ok || wait.Count != 1 || waited <= 0 || wait.Sum != waited || len(wait.BucketCounts) != len(wait.Bounds)+1 {
		t.Errorf("wait_time: %+v", wait)
	}
	if _, ok := r["slotpool.slot.create_time"+a].(metricdata.HistogramDataPoint[float64]); !ok {
		t.Error("no create_time")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, there := read(t, reader)["slotpool.slot.max"+a]; there {
		t.Error("it is still registered")
	}
}

func TestPointIsASumInSeconds(t *testing.T) {
	var x, y resourcepool.Histogram
	x.Buckets[0], y.Buckets[0], y.Buckets[resourcepool.HistogramBuckets-1] = 1, 2, 4
	x.Sum, y.Sum = time.Second, time.Hour
	d := point(attributes(labelled(t), ""), time.Now(), &x, &y)
	if d.Count != 7 || d.Sum != 3601 || d.BucketCounts[0] != 3 || d.BucketCounts[resourcepool.HistogramBuckets-1] != 4 || d.Bounds[20] != 1.048576 {
		t.Errorf("%+v", d)
	}
}

func labelled(t *testing.T) poolnames.Labelled {
	t.Helper()
	return (&Exporter{Pools: []*resourcepool.Pool{resourcepool.New(1, "a")}}).pools()[0]
}

var runs atomic.Int64

// Two pools of one name are both found, and each sub-pool names its parent, which
// counts what it has in use too.
func TestAllNamedPoolsAreFoundOnce(t *testing.T) {
	name := fmt.Sprintf("found%d", runs.Add(1)) // with -count a pool of the run before may be there still
	first, second := resourcepool.New(1, name), resourcepool.New(2, name)
	below := second.Sub(1, name+"below")
	held := testpool.Get(t, below)
	defer held.Put()
	reader, _ := startReader(t, &Exporter{})
	r := read(t, reader)
	at := func(p string) string { return " slotpool.pool.name=" + name + p }
	used := ",slotpool.slot.state=used"
	r.want(t, "slotpool.slot.count"+at("")+used, 0)
	r.want(t, "slotpool.slot.count"+at("#2")+used, 1)
	r.want(t, "slotpool.slot.count"+at("below")+",slotpool.pool.parent="+name+"#2"+used, 1)
	runtime.KeepAlive(first)
}

func TestConnectionsAreRead(t *testing.T) {
	p := &connpool.Pool{Slots: resourcepool.New(4, ""), HoldWarning: time.Hour, DialFunc: func(_ context.Context, _, address string) (net.Conn, error) {
		if address == "down:1" {
			return nil, errors.New("refused")
		}
		c, _ := net.Pipe()
		return c, nil
	}}
	defer p.Close()
	held, err := p.Get(t.Context(), "tcp", "a:1")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Put()
	other, err := p.Get(t.Context(), "tcp", "b:1")
	if err != nil {
		t.Fatal(err)
	}
	other.Put()
	if _, err := p.Get(t.Context(), "tcp", "down:1"); err == nil {
		t.Fatal("it dials")
	}
	reader, _ := startReader(t, &Exporter{Pools: []*resourcepool.Pool{}, Conns: map[string]*connpool.Pool{"x": p, "nil": nil}})
	r := read(t, reader)
	const x = " slotpool.pool.name=x"
	r.want(t, "slotpool.connection.count slotpool.connection.state=used,slotpool.pool.name=x", 1)
	r.want(t, "slotpool.connection.count slotpool.connection.state=idle,slotpool.pool.name=x", 1)
	r.want(t, "slotpool.connection.pending_requests"+x, 0)
	r.want(t, "slotpool.connection.timeouts"+x, 0)
	r.want(t, "slotpool.connection.create_errors"+x, 1)
	for name, want := range map[string]uint64{"create_time": 2, "wait_time": 3, "use_time": 1} {
		if d, ok := r["slotpool.connection."+name+x].(metricdata.HistogramDataPoint[float64]); !ok || d.Count != want {
			t.Errorf("%s: %+v, want %d", name, d, want)
		}
	}
}
