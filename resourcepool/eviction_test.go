package resourcepool

import (
	"strings"
	"testing"

	"github.com/slotpool/slotpool/internal/shard"
	"github.com/slotpool/slotpool/internal/trace"
)

// poolColumn runs traces over a real pool with so many shards.
func poolColumn(name string, counts, lists int) trace.Column {
	return trace.Column{Name: name, Dials: func(t *trace.Trace) (int, error) {
		p := newPool(uint(t.Slots), "", counts, lists)
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
