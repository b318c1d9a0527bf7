package slotdebug

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

// print writes the view for a terminal. Writing to w does not fail.
func (v view) print(w io.Writer) {
	if len(v.Pools)+len(v.Conns) == 0 {
		fmt.Fprintln(w, "There is no pool with a name.")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range v.Pools {
		v.Pools[i].print(t)
	}
	for i := range v.Conns {
		v.Conns[i].print(t, v.Now)
	}
	_ = t.Flush()
	fmt.Fprintf(w, "as of %s\n", time.UnixMilli(v.Now).UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

func (p *poolView) print(w io.Writer) {
	s := &p.Stats
	fmt.Fprintf(w, "pool %s", clean(p.Name))
	if p.Parent != "" {
		fmt.Fprintf(w, ", counted in %s too", clean(p.Parent))
	}
	fmt.Fprintf(w, "\n  slots\t%d\n  in use\t%d\n  idle\t%d\n  releasing\t%d\n  waiting\t%d\n", s.Max, s.InUse, s.Idle, s.Releasing, s.Waiting)
	fmt.Fprintf(w, "  gets\t%d\t%s reused\n", s.Gets, percent(s.Reuses, s.Gets))
	fmt.Fprintf(w, "  allocations\t%d\t%d failed\n", s.Allocations, s.AllocationErrors)
	fmt.Fprintf(w, "  evictions\t%d\n  dead on check\t%d\n", s.Evictions, s.DeadOnCheck)
	fmt.Fprintf(w, "  waits\t%d\t%d cancelled\n", s.Waits, s.CancelledWaits)
	p.Waits.print(w, "waits for a slot")
	p.Busy.print(w, "waits for a user")
	p.Opened.print(w, "allocating")
	p.Failed.print(w, "failing to allocate")
	for _, r := range p.Eviction.Rules {
		follows := ""
		if r.Name == p.Eviction.Follows {
			follows = "followed: "
		}
		fmt.Fprintf(w, "  rule %s\t%d\t%sregret %.3f, evicts %s\n", r.Name, r.Evictions, follows, r.Regret, r.Victim)
	}
}

func (h *histogram) print(w io.Writer, name string) {
	if h.Count > 0 {
		fmt.Fprintf(w, "  %s\t%d\tmean %v, half below %v, 99 %% below %v\n", name, h.Count, seconds(h.Mean), seconds(h.P50), seconds(h.P99))
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Microsecond)
}

func percent(of, all uint64) string {
	if all == 0 {
		return "none"
	}
	return strconv.FormatFloat(100*float64(of)/float64(all), 'f', 1, 64) + " %"
}

// clean quotes what could act on a terminal.
func clean(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}
