//go:build linux

package report

import (
	"maps"
	"slices"

	"github.com/slotpool/slotpool/cmd/soak/load"
)

// chart is one plot: series over the common times of the page.
type chart struct {
	Title  string  `json:"title"`
	Unit   string  `json:"unit"`
	Log    bool    `json:"log,omitempty"` // a logarithmic scale
	Series []curve `json:"series"`
}

// curve has null where there is nothing to show.
type curve struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// charts is the data of the page's script.
type charts struct {
	Times    []float64     `json:"times"`
	Windows  []WindowInfo  `json:"windows"`
	Failures []FailureInfo `json:"failures"`
	Charts   []chart       `json:"charts"`
}

// mostPoints is how many points a plot gets at most. Beyond that, the highest
// of neighbouring values are shown: peaks must not be lost.
const mostPoints = 3000

const mebi = 1 << 20

func chartData(h *History) charts {
	stride := max((len(h.Samples)+mostPoints-1)/mostPoints, 1)
	c := charts{Windows: h.Windows, Failures: h.Failures}
	for i := 0; i < len(h.Samples); i += stride {
		c.Times = append(c.Times, h.Samples[i].T)
	}
	p := plotter{h.Samples, stride}
	c.Charts = []chart{
		{Title: "Descriptors by kind", Unit: "open", Series: p.byName(func(s *Sample) map[string]int { return s.Descriptors })},
		{Title: "Slots", Unit: "slots", Series: []curve{
			p.curve("in use", func(s *Sample) float64 { return float64(s.Pool.InUse) }),
			p.curve("idle", func(s *Sample) float64 { return float64(s.Pool.Idle) }),
			p.curve("releasing", func(s *Sample) float64 { return float64(s.Pool.Releasing) }),
			p.curve("max", func(s *Sample) float64 { return float64(s.Pool.Max) }),
			p.curve("Gets waiting", func(s *Sample) float64 { return float64(s.Pool.Waiting) }),
		}},
		{Title: "TCP states of the process (TIME_WAIT: towards the servers)", Unit: "connections", Log: true,
			Series: p.byName(func(s *Sample) map[string]int { return s.TCP })},
		{Title: "Goroutines", Unit: "", Series: []curve{
			p.curve("goroutines", func(s *Sample) float64 { return float64(s.Goroutines) })}},
		{Title: "Memory", Unit: "MiB", Series: []curve{
			p.curve("live heap", func(s *Sample) float64 { return float64(s.HeapLive) / mebi }),
			p.curve("heap objects", func(s *Sample) float64 { return float64(s.HeapObjects) / mebi }),
			p.curve("RSS", func(s *Sample) float64 { return float64(s.RSS) / mebi }),
		}},
		{Title: "Garbage collections since the start", Unit: "", Series: []curve{
			p.curve("collections", func(s *Sample) float64 { return float64(s.GCs) })}},
		{Title: "Get", Unit: "ms", Log: true, Series: p.latencies(func(s *Sample) load.Quantiles { return s.Gets })},
		{Title: "Get that dials", Unit: "ms", Log: true, Series: p.latencies(func(s *Sample) load.Quantiles { return s.Dials })},
		{Title: "Request and answer", Unit: "ms", Log: true, Series: p.latencies(func(s *Sample) load.Quantiles { return s.Requests })},
		{Title: "Requests and Gets", Unit: "a second", Series: []curve{
			p.curve("answered", func(s *Sample) float64 { return s.RequestRate }),
			p.curve("broken", func(s *Sample) float64 { return s.BrokenRate }),
			p.curve("Gets", func(s *Sample) float64 { return s.GetRate }),
		}},
		{Title: "Dials", Unit: "a second", Series: []curve{
			p.curve("succeeded", func(s *Sample) float64 { return s.DialRate }),
			p.curve("failed", func(s *Sample) float64 { return s.DialErrors }),
		}},
		{Title: "Reuse", Unit: "% of Gets", Series: []curve{
			p.curve("reused", func(s *Sample) float64 { return 100 * s.Reuse })}},
	}
	return c
}

// plotter makes curves of samples, stride of them to a point.
type plotter struct {
	samples []*Sample
	stride  int
}

func (p plotter) curve(name string, of func(*Sample) float64) curve {
	c := curve{Name: name, Values: []*float64{}}
	for i := 0; i < len(p.samples); i += p.stride {
		highest := of(p.samples[i])
		for _, s := range p.samples[i:min(i+p.stride, len(p.samples))] {
			highest = max(highest, of(s))
		}
		c.Values = append(c.Values, &highest)
	}
	return c
}

// byName makes a curve for each name that occurs.
func (p plotter) byName(of func(*Sample) map[string]int) []curve {
	names := map[string]bool{}
	for _, s := range p.samples {
		for name := range of(s) {
			names[name] = true
		}
	}
	curves := []curve{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		curves = append(curves, p.curve(name, func(s *Sample) float64 { return float64(of(s)[name]) }))
	}
	return curves
}

// latencies leave a gap where nothing was measured.
func (p plotter) latencies(of func(*Sample) load.Quantiles) []curve {
	curves := []curve{
		p.curve("p50", func(s *Sample) float64 { return of(s).P50 }),
		p.curve("p99", func(s *Sample) float64 { return of(s).P99 }),
		p.curve("longest", func(s *Sample) float64 { return of(s).Max }),
	}
	for _, c := range curves {
		for i, v := range c.Values {
			if *v == 0 {
				c.Values[i] = nil
			}
		}
	}
	return curves
}
