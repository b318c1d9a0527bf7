package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/internal/trace"
)

func TestPlotNamesEveryTraceAndColumn(t *testing.T) {
	columns := append(trace.Columns(trace.Rules()), column(pool, 0))
	table, err := trace.Measure(trace.Specs(), columns, 2000)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plot.svg")
	if err := drawPlot(table, file); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(table.Traces, table.Columns...) {
		if !bytes.Contains(svg, []byte(">"+name+"</text>")) {
			t.Errorf("the plot lacks %q", name)
		}
	}
}

func TestPlotOfUnknownFormat(t *testing.T) {
	table := &trace.Table{Traces: []string{"a"}, Dials: [][]float64{make([]float64, len(marks))}}
	for _, m := range marks {
		table.Columns = append(table.Columns, m.column)
	}
	err := drawPlot(table, filepath.Join(t.TempDir(), "plot.xyz"))
	if err == nil || !strings.Contains(err.Error(), "plot.xyz") {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

func TestPlotLacksColumn(t *testing.T) {
	err := drawPlot(&trace.Table{Columns: []string{"Belady"}}, filepath.Join(t.TempDir(), "plot.svg"))
	if err == nil || !strings.Contains(err.Error(), `"random"`) {
		t.Errorf("got error %v, want one that names the column", err)
	}
}
