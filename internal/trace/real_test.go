package trace

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func zipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

func varints(numbers ...uint64) (data []byte) {
	for _, n := range numbers {
		data = binary.AppendUvarint(data, n)
	}
	return data
}

func TestReadRefusesBadFiles(t *testing.T) {
	whole := zipped(varints(0, 1, 2, 300, 1))
	for _, c := range []struct {
		name, want string
		file       []byte
	}{
		{"empty", "EOF", nil},
		{"no gzip", "gzip: invalid header", []byte("0\n1\n2\n plain text")},
		{"nothing in it", "no accesses", zipped(nil)},
		{"cut gzip", "unexpected EOF", whole[:len(whole)-9]},
		{"wrong checksum", "gzip: invalid checksum", append(slices.Clone(whole[:len(whole)-8]), make([]byte, 8)...)},
		{"cut number", "access 2: unexpected EOF", zipped(append(varints(0, 1), 0x80))},
		{"number too long", "access 1: binary: varint overflows", zipped(append(varints(7), bytes.Repeat([]byte{0xff}, 11)...))},
		{"address too large", "access 1: address 67108864, want less than 67108864", zipped(varints(3, mostAddresses))},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "bad.gz")
			if err := os.WriteFile(file, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Read(file)
			if err == nil {
				t.Fatalf("read %d accesses", len(got.Steps))
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("error %q, want %q and the name of the file", err, c.want)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.gz")); !os.IsNotExist(err) {
		t.Errorf("error %v of a file that is not there", err)
	}
	if _, err := Files(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no traces") {
		t.Errorf("error %v of a directory without traces", err)
	}
}

func TestReadTellsWhatWasWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "five.gz")
	if err := os.WriteFile(file, zipped(varints(0, 1, 2, 300, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{{Address: 0}, {Address: 1}, {Address: 2}, {Address: 300}, {Address: 1}}
	if got.Name != "five" || got.Users != 1 || got.Addresses != 301 || !slices.Equal(got.Steps, want) {
		t.Errorf("read %+v", got)
	}
}

func TestFirstCountsTheAddressesThatAreLeft(t *testing.T) {
	all := newTrace(2, "ABACDB")
	all.Name = "letters"
	cut := all.First(3)
	if cut.Name != "letters" || cut.Slots != 2 || cut.Users != 1 || cut.Addresses != 2 || !slices.Equal(cut.Steps, all.Steps[:3]) {
		t.Errorf("the first three: %+v", cut)
	}
	if cut := all.First(100); len(cut.Steps) != 6 || cut.Addresses != 4 {
		t.Errorf("the first hundred: %+v", cut)
	}
	if len(all.Steps) != 6 {
		t.Error("the trace itself was cut")
	}
}

// Worked by hand: B, C for A, whose cost is ten times theirs, and then A.
func TestGreedyDualSparesTheDearForAWhile(t *testing.T) {
	costs := make([]time.Duration, 26)
	for a := range costs {
		costs[a] = 1
	}
	costs[0] = 3
	for _, c := range []struct {
		trace string
		want  Cost
	}{
		{"ABCA", Cost{3, 5}},    // B goes
		{"ABCDA", Cost{4, 6}},   // B, then C at 2
		{"ABCDEA", Cost{6, 10}}, // and at 3 A itself, as the oldest
		{"ABCDABC", Cost{6, 8}}, // A again is at 5; D, and then B at 4
		{"BCDBCD", Cost{6, 6}},  // equal costs: as LRU
		{"BCBDBC", Cost{4, 4}},  // equal costs: as LRU
	} {
		if got := RuleCost(newTrace(2, c.trace), costs, NewGreedyDual(costs)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.trace, got, c.want)
		}
	}
}

// A pool that pays no heed to the clock takes as long with it as without.
func TestComparisonOfCosts(t *testing.T) {
	one := Specs()[0].Make(5000)
	all, err := CompareCosts([]*Trace{&one}, CostModels(), func(slots int, _ func() time.Duration) Create {
		return (&lifo{slots: slots}).create
	}, Rivals([]NamedRule{{"newest", NewNewest}, {"Belady", NewBelady}}))
	if err != nil || len(all) != len(CostModels()) {
		t.Fatal(all, err)
	}
	for i, s := range all {
		name := CostModels()[i].Name
		if s.Time != 1 || s.Dials != 1 || s.WorstOn != one.Name {
			t.Errorf("%s: %+v", name, s)
		}
		if newest, best := s.Rivals[0], s.Rivals[1]; name == "equal" && (newest < 0.99 || newest > 1.01 || best >= newest) {
			t.Errorf("newest takes %.3f of the time of a pool that evicts the newest, Belady %.3f", newest, best)
		}
		if s.GreedyDials <= 0 || s.GreedyTime <= 0 || name == "three classes" && s.GreedyTime >= s.GreedyDials {
			t.Errorf("%s: GreedyDual, which knows the costs, takes %.3f of the time and %.3f of the dials", name, s.GreedyTime, s.GreedyDials)
		}
	}
}
