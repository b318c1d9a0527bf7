package resourcepool

import (
	"encoding/json"
	"math"
	"os"
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
	fixed := len(trace.Rules())
	for i, row := range table.Dials {
		name := table.Traces[i]
		random, best := row[1], row[1]
		for _, dials := range row[1:fixed] {
			best = min(best, dials)
		}
		one := row[fixed]
		for j, dials := range row[fixed:] {
			shards := columns[fixed+j].Name
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

func secondsOfDials(t *testing.T, one *trace.Trace, model trace.CostModel) float64 {
	t.Helper()
	cost, err := trace.PoolCost(one, model.Costs(one), func(clock func() time.Duration) trace.Create {
		p := newPool(uint(one.Slots), "", 1, 1)
		p.p.clock = clock
		return func(target trace.Target, key string) trace.Resource { return p.CreateKeyed(target, key) }
	})
	if err != nil {
		t.Fatal(err)
	}
	return cost.Time.Seconds()
}

// wantNoTraceSlower checks the ratios of one model, each trace's with all its numbers of slots together.
func wantNoTraceSlower(t *testing.T, model string, ratios map[string][]float64) {
	t.Helper()
	for name, all := range ratios {
		mean := 0.0
		for _, r := range all {
			mean += math.Log(r) / float64(len(all))
		}
		if mean = math.Exp(mean); mean > 1.02 {
			t.Errorf("%s on %s: %.3f of the time of before, want at most 1.02", model, name, mean)
		} else if mean > 1 {
			t.Logf("%s on all of %s: %.3f", model, name, mean)
		}
	}
}

// The reference is the total dial time of the rule of commit 245efa5, which knew no
// costs: testdata has it, for each model and trace of internal/trace.
func TestDialTimeOnRealTraces(t *testing.T) {
	if os.Getenv("SLOTPOOL_TRACES") == "" {
		t.Skip("takes minutes: only if SLOTPOOL_TRACES names the directory of traces")
	}
	file, err := os.ReadFile("testdata/dial-time-245efa5.json")
	if err != nil {
		t.Fatal(err)
	}
	reference := map[string]map[string]float64{}
	if err := json.Unmarshal(file, &reference); err != nil {
		t.Fatal(err)
	}
	traces := realTraces(t)
	for _, model := range trace.CostModels() {
		most, ok := map[string]float64{"three classes": 0.70, "lognormal": 0.83, "popular ones dear": 0.57,
			"lognormal, popular ones dear": 0.68}[model.Name]
		if !ok {
			most = 1.02
		}
		sum, n, byTrace := 0.0, 0, map[string][]float64{}
		for _, one := range traces {
			before, ok := reference[model.Name][one.Name]
			if !ok {
				continue
			}
			ratio := secondsOfDials(t, one, model) / before
			if ratio > 1.02 {
				t.Logf("%s on %s: %.3f", model.Name, one.Name, ratio)
			}
			name, _, _ := strings.Cut(one.Name, ",")
			byTrace[name] = append(byTrace[name], ratio)
			sum += math.Log(ratio)
			n++
		}
		wantNoTraceSlower(t, model.Name, byTrace)
		if n == 0 {
			t.Fatalf("%s: the reference has none of the traces", model.Name)
		}
		mean := math.Exp(sum / float64(n))
		t.Logf("%s: %.3f of the time", model.Name, mean)
		if mean > most {
			t.Errorf("%s: dials take %.3f of the time of before, want at most %.2f", model.Name, mean, most)
		}
	}
}
