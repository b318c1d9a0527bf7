package trace

import (
	"strings"
	"testing"
)

// candidates are rules under study; the table shows them after the fixed ones:
//
//	go test ./internal/trace -run TestTable -v -count=1
var candidates = []NamedRule{}

// TestTable holds that no rule beats Belady's optimum. With -v it prints the
// table, of traces of full length.
func TestTable(t *testing.T) {
	n := 50_000
	if testing.Verbose() {
		n = Accesses
	}
	table, err := Measure(Specs(), Columns(append(Rules(), candidates...)), n)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := table.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, c := range candidates {
		b.WriteString("\n")
		if err := table.WriteComparison(&b, c.Name); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("\n%s", b.String())
	for i, row := range table.Dials {
		for j, dials := range row {
			if dials < row[0] {
				t.Errorf("%s: %s has %.3f dials per 1000 Gets, Belady %.3f",
					table.Traces[i], table.Columns[j], dials, row[0])
			}
		}
	}
}
