package slotprom

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/testpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// busyPool has one resource in use, one idle, one evicted, an Allocate that failed,
// and a wait that was cancelled.
func busyPool(t *testing.T, name string) (p *resourcepool.Pool, held *resourcepool.Resource) {
	t.Helper()
	p = resourcepool.New(2, name)
	held = testpool.Get(t, p)
	testpool.Get(t, p).Put()
	testpool.Get(t, p).Put() // evicts
	if err := p.Create(&testpool.Thing{Err: errors.New("refused")}).GetContext(t.Context()); err == nil {
		t.Fatal("it allocates")
	}
	testpool.Get(t, p).Put()
	testpool.GiveUp(t, p, held)
	return p, held
}

func TestFigures(t *testing.T) {
	p, held := busyPool(t, "a")
	defer held.Put()
	c := &Collector{Pools: []*resourcepool.Pool{p}}
	want := `
# HELP slotpool_slots Slots that are taken, by what their resource does.
# TYPE slotpool_slots gauge
slotpool_slots{parent="",pool="a",state="idle"} 1
slotpool_slots{parent="",pool="a",state="in_use"} 1
slotpool_slots{parent="",pool="a",state="releasing"} 0
# HELP slotpool_allocation_errors_total Allocates that failed.
# TYPE slotpool_allocation_errors_total counter
slotpool_allocation_errors_total{parent="",pool="a"} 1
# HELP slotpool_waits_cancelled_total Gets that gave up waiting.
# TYPE slotpool_waits_cancelled_total counter
slotpool_waits_cancelled_total{parent="",pool="a"} 1
# HELP slotpool_releases_total Resources that the pool released without being asked to.
# TYPE slotpool_releases_total counter
slotpool_releases_total{parent="",pool="a",reason="dead"} 0
slotpool_releases_total{parent="",pool="a",reason="evicted"} 2
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "slotpool_slots", "slotpool_allocation_errors_total",
		"slotpool_waits_cancelled_total", "slotpool_releases_total"); err != nil {
		t.Error(err)
	}
}

func TestHistogramIsCumulativeInSeconds(t *testing.T) {
	var h resourcepool.Histogram
	h.Buckets[0], h.Buckets[20], h.Buckets[resourcepool.HistogramBuckets-1] = 3, 2, 1
	h.Sum = 90 * time.Minute
	c := collectorFunc(func(to chan<- prometheus.Metric) {
		to <- newHistogram(ofPools.durations[0].desc, prometheus.MakeLabelPairs(ofPools.durations[0].desc, []string{"a", ""}), &h)
	})
	text := exposition(t, c)
	for _, want := range []string{
		`_bucket{parent="",pool="a",le="1e-06"} 3`,
		`_bucket{parent="",pool="a",le="0.524288"} 3`,
		`_bucket{parent="",pool="a",le="1.048576"} 5`,
		`_bucket{parent="",pool="a",le="1073.741824"} 5`,
		`_bucket{parent="",pool="a",le="+Inf"} 6`,
		`_sum{parent="",pool="a"} 5400`,
		`_count{parent="",pool="a"} 6`,
	} {
		if !strings.Contains(text, "slotpool_slot_wait_seconds"+want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

type collectorFunc func(chan<- prometheus.Metric)

func (f collectorFunc) Describe(to chan<- *prometheus.Desc) { to <- ofPools.durations[0].desc }
func (f collectorFunc) Collect(to chan<- prometheus.Metric) { f(to) }

// exposition is what a scrape gets. The pedantic registry checks that what is
// collected was described and collides with nothing.
func exposition(t testing.TB, c prometheus.Collector) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("%d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

var runs atomic.Int64

// Two pools of one name are both found, and each sub-pool names its parent.
func TestAllNamedPoolsAreFoundOnce(t *testing.T) {
	c := &Collector{}
	name := fmt.Sprintf("found%d", runs.Add(1)) // with -count a pool of the run before may be there still
	first, second := resourcepool.New(1, name), resourcepool.New(2, name)
	below := second.Sub(1, name+"below")
	text := exposition(t, c)
	for _, want := range []string{
		`slotpool_slots_max{parent="",pool="NAME"} 1`,
		`slotpool_slots_max{parent="",pool="NAME#2"} 2`,
		`slotpool_slots_max{parent="NAME#2",pool="NAMEbelow"} 1`,
	} {
		want = strings.ReplaceAll(want, "NAME", name)
		if strings.Count(text, want+"\n") != 1 {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	_, _, _ = first.Close(), second.Close(), below.Close()
}

// What is in use in a sub-pool shows in both, and the sum over parent="" has it once.
func TestNothingIsSummedTwice(t *testing.T) {
	p := resourcepool.New(4, "above")
	below := p.Sub(2, "below")
	held := testpool.Get(t, below)
	defer held.Put()
	text := exposition(t, &Collector{Pools: []*resourcepool.Pool{p, below}})
	for _, want := range []string{
		`slotpool_slots{parent="",pool="above",state="in_use"} 1`,
		`slotpool_slots{parent="above",pool="below",state="in_use"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// Labels are made once, and pools that are gone are forgotten at last.
func TestLabelsAreMadeOnce(t *testing.T) {
	c := &Collector{Pools: []*resourcepool.Pool{resourcepool.New(1, "a")}}
	to := make(chan prometheus.Metric, 1000)
	labelsOfOne := func() *dto.LabelPair {
		c.Collect(to)
		var m dto.Metric
		_ = (<-to).Write(&m)
		for len(to) > 0 {
			<-to
		}
		return m.Label[len(m.Label)-1]
	}
	first := labelsOfOne()
	if again := labelsOfOne(); first != again || first.GetValue() != "a" {
		t.Errorf("%v, then %v", first, again)
	}
	for i := range 100 {
		c.Pools[0] = resourcepool.New(1, fmt.Sprint("b", i))
		if l := labelsOfOne(); l.GetValue() != c.Pools[0].Name() {
			t.Fatalf("%v, want %s", l, c.Pools[0].Name())
		}
	}
	if n := len(c.pools.all); n > 3 {
		t.Errorf("%d pools are remembered", n)
	}
}

// A histogram that was sent stays as it was: the next scrape sends it again, or another.
func TestHistogramsAreMadeWhenTheyChange(t *testing.T) {
	p := resourcepool.New(2, "a")
	c := &Collector{Pools: []*resourcepool.Pool{p}}
	collect := func() (all []*dto.Histogram) {
		to := make(chan prometheus.Metric, 1000)
		c.Collect(to)
		close(to)
		for m := range to {
			var d dto.Metric
			if _ = m.Write(&d); d.Histogram != nil {
				all = append(all, d.Histogram)
			}
		}
		return all
	}
	first := collect()
	testpool.Get(t, p).Put() // an Allocate
	second := collect()
	for i, h := range second {
		if changed := h != first[i]; changed != (ofPools.durations[i].desc == allocate && ofPools.durations[i].value == "ok") {
			t.Errorf("%v: changed: %v", ofPools.durations[i].desc, changed)
		}
	}
	if n, later := first[2].GetSampleCount(), second[2].GetSampleCount(); n != 0 || later != 1 {
		t.Errorf("%d Allocates, then %d", n, later)
	}
}

func TestLinters(t *testing.T) {
	p, held := busyPool(t, "a")
	defer held.Put()
	c := &Collector{Pools: []*resourcepool.Pool{p}, Conns: map[string]*connpool.Pool{"x": conns(t)}}
	problems, err := testutil.CollectAndLint(c)
	if err != nil || len(problems) != 0 {
		t.Errorf("client_golang's linter: %v %v", problems, err)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: apt-get install prometheus); its linter was not asked")
	}
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = strings.NewReader(exposition(t, c))
	var out bytes.Buffer
	check.Stdout, check.Stderr = &out, &out
	if err := check.Run(); err != nil || out.Len() > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, &out)
	}
}
