package resourcepool

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/shard"
	"github.com/slotpool/slotpool/internal/trace"
)

// poolColumn runs traces over a real pool with so many shards.
func poolColumn(name string, counts, lists int) trace.Column {
	return trace.Column{Name: name, Dials: func(t *trace.Trace) (int, error) {
		p := newPool(uint(t.Slots), "", counts, min(lists, shard.Lists(uint(t.Slots), counts)))
		p.p.clock = func() time.Duration { return 0 } // no dial takes any time
		return trace.PoolDials(t, func(target trace.Target, key string) trace.Resource {
			return p.CreateKeyed(target, key)
		})
	}}
}

// mixed are the traces on which the pool must beat every fixed rule.
func mixed(name string) bool {
	return strings.HasPrefix(name, "half") || strings.HasPrefix(name, "flips")
}

func TestDialsAreNearTheBestFixedRules(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, minutes under the race detector")
	}
	columns := append(trace.Columns(trace.Rules()),
		poolColumn("1 shard", 1, 1), poolColumn("4 shards", 4, 4),
		poolColumn("64 shards", 64, shard.Lists(trace.Slots, 64)))
	table, err := trace.Measure(trace.Specs(), columns, trace.Accesses)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := table.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + b.String())
	reference := map[string]map[string]float64{}
	readJSON(t, "testdata/dials-245efa5.json", &reference)
	for i := range table.Dials {
		wantNearTheBest(t, table, i, len(trace.Rules()))
		wantNoMoreThanBefore(t, table, i, len(trace.Rules()), reference[table.Traces[i]])
	}
}

// wantNearTheBest checks a row of table, of which the first columns are of fixed rules.
func wantNearTheBest(t *testing.T, table *trace.Table, i, fixed int) {
	t.Helper()
	name, row := table.Traces[i], table.Dials[i]
	random, best := row[1], slices.Min(row[1:fixed])
	one := row[fixed]
	for j, dials := range row[fixed:] {
		shards := table.Columns[fixed+j]
		if dials > random {
			t.Errorf("%s, %s: %.1f dials, random %.1f", name, shards, dials, random)
		}
		if dials > 1.10*best {
			t.Errorf("%s, %s: %.1f dials, the best fixed rule %.1f", name, shards, dials, best)
		}
		if mixed(name) && dials >= best {
			t.Errorf("%s, %s: %.1f dials, a fixed rule %.1f", name, shards, dials, best)
		}
		if dials > one+30 || dials < one-30 { // of 1000: 3 percentage points
			t.Errorf("%s: %.1f dials with %s, %.1f with one", name, dials, shards, one)
		}
	}
}

// wantNoMoreThanBefore checks a row against the dials of the rule of commit 245efa5, which remembered
// nothing of what it had evicted. reference has these, by the name of a column.
func wantNoMoreThanBefore(t *testing.T, table *trace.Table, i, fixed int, reference map[string]float64) {
	t.Helper()
	name := table.Traces[i]
	for j, dials := range table.Dials[i][fixed:] {
		shards := table.Columns[fixed+j]
		before := reference[shards] / trace.Accesses * 1000
		if before == 0 {
			t.Fatalf("%s, %s: no reference", name, shards)
		}
		if dials > 1.02*before {
			t.Errorf("%s, %s: %.1f dials, before %.1f", name, shards, dials, before)
		}
	}
}

// realTraces are those beside the checkout, or where SLOTPOOL_TRACES says.
func realTraces(t *testing.T) (all []*trace.Trace) {
	if testing.Short() {
		t.Skip("takes up to a minute")
	}
	directory := os.Getenv("SLOTPOOL_TRACES")
	if directory == "" {
		directory = "../../shared/traces"
	}
	files, err := trace.Files(directory)
	if err != nil {
		if os.Getenv("SLOTPOOL_TRACES") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, file := range files {
		one, err := trace.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one.Sizes()...)
	}
	return all
}

func TestDialsOnRealTraces(t *testing.T) {
	var best []string
	for _, r := range trace.Online() {
		best = append(best, r.Name)
	}
	columns := append(trace.Columns(trace.Online()),
		poolColumn("1 shard", 1, 1), poolColumn("4 shards", 4, 4), poolColumn("64 shards", 64, 64))
	table, err := trace.MeasureTraces(realTraces(t), columns)
	if err != nil {
		t.Fatal(err)
	}
	least, most := math.Inf(1), 0.0
	for _, s := range table.Summarise(best)[len(best):] {
		t.Logf("%+v", s)
		least, most = min(least, s.Mean), max(most, s.Mean)
		if s.Mean > 1.03 || s.Within5pc < 0.80 || s.Within10pc < 0.95 || s.Worst > 1.25 {
			t.Errorf("%s: mean %.3f, %.0f %% within 5 %%, %.0f %% within 10 %%, worst %.2f on %s",
				s.Column, s.Mean, 100*s.Within5pc, 100*s.Within10pc, s.Worst, s.WorstOn)
		}
	}
	if most-least > 0.03 {
		t.Errorf("the means with several numbers of lists are from %.3f to %.3f", least, most)
	}
}
