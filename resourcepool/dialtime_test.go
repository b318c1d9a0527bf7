package resourcepool

import (
	"encoding/json"
	"math"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/trace"
)

// The reference of all tests here is the total dial time of the rule of commit 245efa5,
// which knew no costs: testdata has it, for each model and trace of internal/trace.

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// secondsOfDials is the time that all dials of a pool take on a trace.
func secondsOfDials(t *trace.Trace, model trace.CostModel) (float64, error) {
	cost, err := trace.PoolCost(t, model.Costs(t), func(clock func() time.Duration) trace.Create {
		p := newPool(uint(t.Slots), "", 1, 1)
		p.p.clock = clock
		return func(target trace.Target, key string) trace.Resource { return p.CreateKeyed(target, key) }
	})
	return cost.Time.Seconds(), err
}

// ratioOf is a trace's time as a multiple of that of before.
type ratioOf struct {
	trace string
	ratio float64
}

// dialTimes returns the ratios of a model, of those traces that its reference has.
func dialTimes(t *testing.T, traces []*trace.Trace, model trace.CostModel, reference map[string]float64) (all []ratioOf) {
	t.Helper()
	var lock sync.Mutex
	var wait sync.WaitGroup
	for _, one := range traces {
		before, ok := reference[one.Name]
		if !ok {
			continue
		}
		wait.Go(func() {
			seconds, err := secondsOfDials(one, model)
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				t.Errorf("%s on %s: %v", model.Name, one.Name, err)
			}
			all = append(all, ratioOf{one.Name, seconds / before})
		})
	}
	wait.Wait()
	if len(all) == 0 {
		t.Fatalf("%s: the reference has none of the traces", model.Name)
	}
	return all
}

func meanOf(all []ratioOf) float64 {
	sum := 0.0
	for _, r := range all {
		sum += math.Log(r.ratio)
	}
	return math.Exp(sum / float64(len(all)))
}

// exceptions take more than 1.02, and may take so much. Which these are depends on what experts are
// tried when. In the hot sets, dear ones of the last set stay for a while in the way of the next.
var exceptions = map[string]float64{
	"lognormal, popular ones cheap on moving hot set, in jumps": 1.06,
	"lognormal, popular ones cheap on w106, 16492 slots":        1.07,
	"lognormal, popular ones cheap on multi1, 1042 slots":       1.05,
	"lognormal, popular ones cheap on cpp, 36 slots":            1.03,
	"lognormal, popular ones cheap on multi2, 2273 slots":       1.03,
}

// numberOfSlots ends the name of a real trace.
var numberOfSlots = regexp.MustCompile(`, \d+ slots$`)

// wantNoneSlower checks the ratios of one model: each, and those of each trace, with all its numbers of
// slots together.
func wantNoneSlower(t *testing.T, model string, all []ratioOf) {
	t.Helper()
	byTrace := map[string][]ratioOf{}
	for _, r := range all {
		most, ok := exceptions[model+" on "+r.trace]
		if !ok {
			most = 1.02
		}
		if r.ratio > most {
			t.Errorf("%s on %s: %.3f of the time of before, want at most %.2f", model, r.trace, r.ratio, most)
		} else if r.ratio > 1.02 {
			t.Logf("%s on %s: %.3f", model, r.trace, r.ratio)
		}
		if name := numberOfSlots.ReplaceAllString(r.trace, ""); name != r.trace {
			byTrace[name] = append(byTrace[name], r)
		}
	}
	for name, all := range byTrace {
		if mean := meanOf(all); mean > 1.02 {
			t.Errorf("%s on all of %s: %.3f of the time of before, want at most 1.02", model, name, mean)
		} else if mean > 1 {
			t.Logf("%s on all of %s: %.3f", model, name, mean)
		}
	}
}

// The goals: the most that a mean may be, 1.02 for a model that is not named.
func goalFor(model string) float64 {
	most, ok := map[string]float64{"three classes": 0.70, "lognormal": 0.83, "popular ones dear": 0.57,
		"lognormal, popular ones dear": 0.68}[model]
	if !ok {
		return 1.02
	}
	return most
}

// wantDialTimes holds the goals of each model on traces.
func wantDialTimes(t *testing.T, traces []*trace.Trace) {
	t.Helper()
	reference := map[string]map[string]float64{}
	readJSON(t, "testdata/dial-time-245efa5.json", &reference)
	for _, model := range trace.CostModels() {
		all := dialTimes(t, traces, model, reference[model.Name])
		wantNoneSlower(t, model.Name, all)
		mean, most := meanOf(all), goalFor(model.Name)
		t.Logf("%s: %.3f of the time", model.Name, mean)
		if mean > most {
			t.Errorf("%s: dials take %.3f of the time of before, want at most %.2f", model.Name, mean, most)
		}
	}
}

// The longer ones take minutes, and are left out unless SLOTPOOL_TRACES says where they are.
func TestDialTimeOnRealTraces(t *testing.T) {
	traces := realTraces(t)
	if os.Getenv("SLOTPOOL_TRACES") == "" {
		traces = slices.DeleteFunc(traces, func(t *trace.Trace) bool { return len(t.Steps) > 200_000 })
	}
	wantDialTimes(t, traces)
}

func TestDialTimeOnMadeUpTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var traces []*trace.Trace
	for _, spec := range trace.Specs() {
		one := spec.Make(trace.Accesses)
		traces = append(traces, &one)
	}
	wantDialTimes(t, traces)
}
