package main

import (
	"fmt"
	"math"
	"strings"
)

// own is the contender whose report this is.
const own = "slotpool"

// isRival tells the contenders that slotpool is compared with: not the floor, which
// does less, nor slotpool's own other ways, such as slotpool-group.
func isRival(impl string) bool {
	return !strings.HasPrefix(impl, own) && impl != "connresource" && impl != "floor"
}

// summary writes one line for each work and unit in which slotpool has a rival.
func (t *table) summary(b *strings.Builder, rival func(impl string) bool) {
	b.WriteString("| work | where slotpool stands worst | figure | slotpool | best rival | ratio | mean of all rows |\n|---|---|---|---:|---:|---:|---:|\n")
	for _, w := range t.works {
		for _, m := range metrics {
			if !m.summary || m.unit == "ns/op" && w.any("worst-ns") { // a work about waits says how long a cycle takes elsewhere
				continue
			}
			if s, ok := w.stand(m.unit, rival); ok {
				name := fmt.Sprintf("[%s](%s)", w.name, w.file())
				fmt.Fprintf(b, "| %s | %s | %s | %s | %s %s | %s | %s |\n", name, s.row.title(w), lower(m.title),
					figure(s.own, m.unit), s.rival, figure(s.best, m.unit), short(s.best/s.own), s.mean())
			}
		}
	}
}

// standing is how slotpool does in a work against the best rival of each row.
type standing struct {
	row       *row // where the ratio of best to own is least
	own, best float64
	rival     string
	logs      []float64 // of the ratios of all rows
}

// stand compares the medians of one unit. It leaves out rows in which only
// slotpool looks whether a connection is alive, and figures of 0.
func (w *work) stand(unit string, rival func(string) bool) (s standing, ok bool) {
	for _, r := range w.rows {
		mine, there := r.median(own, unit)
		if !there || mine.Center <= 0 || r.axis("check") == "none" {
			continue
		}
		best, who := math.Inf(1), ""
		for _, impl := range w.impls {
			if m, there := r.median(impl, unit); there && rival(impl) && m.Center > 0 && m.Center < best {
				best, who = m.Center, impl
			}
		}
		if who == "" {
			continue
		}
		s.logs = append(s.logs, math.Log(best/mine.Center))
		if s.row == nil || best/mine.Center < s.best/s.own {
			s.row, s.own, s.best, s.rival = r, mine.Center, best, who
		}
	}
	return s, s.row != nil
}

// mean is the geometric mean of the ratios, nothing if there is one only.
func (s standing) mean() string {
	if len(s.logs) == 1 {
		return ""
	}
	sum := 0.0
	for _, l := range s.logs {
		sum += l
	}
	return fmt.Sprintf("%s (%d rows)", short(math.Exp(sum/float64(len(s.logs)))), len(s.logs))
}

// title names the row by the axes in which the work's rows differ.
func (r *row) title(w *work) string {
	if len(w.rows) == 1 {
		return "the only row"
	}
	var parts []string
	for _, name := range w.varying() {
		if value := r.axis(name); value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	return strings.Join(parts, ", ")
}

func lower(title string) string { return strings.ToLower(title[:1]) + title[1:] }
