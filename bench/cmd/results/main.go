// Results runs the benchmarks and writes what they showed: RESULTS.md with a
// summary, results/*.md with all tables of one work each, and a plot. It must be
// run in the directory of the bench module.
//
//	go run ./cmd/results -count 10 -benchtime 100ms
//
// With -from it reads the output of earlier runs instead. That output begins
// with lines that say which commit, machine and command it is of.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	o := options{}
	flag.IntVar(&o.count, "count", 10, "how often to run each benchmark")
	flag.StringVar(&o.benchtime, "benchtime", "100ms", "how long a run takes, as for go test")
	flag.StringVar(&o.bench, "bench", ".", "which benchmarks, as for go test")
	flag.StringVar(&o.dir, "o", ".", "where to write RESULTS.md, results.svg, results/* and out/*.txt")
	flag.BoolVar(&o.reference, "reference", true, "run the reference too, if its module can be had")
	flag.StringVar(&o.from, "from", "", "files to read instead of running, with commas between: output of the benchmarks, of the reference or not")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "results: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(1)
	}
}

type options struct {
	count                       int
	benchtime, bench, dir, from string
	reference                   bool
}

func run(o options) error {
	if o.count < 1 {
		return fmt.Errorf("-count %d: must be at least 1", o.count)
	}
	r := &report{}
	files := strings.Split(o.from, ",")
	if o.from == "" {
		var err error
		if files, r.leftOut, err = o.measure(); err != nil {
			return err
		}
	}
	var err error
	if r.main, r.reference, err = readTables(files); err != nil {
		return err
	}
	if err := plotResults(r.main, filepath.Join(o.dir, "results.svg")); err != nil {
		return err
	}
	return r.write(o.dir)
}

// write writes RESULTS.md, a file for each work, and what benchstat makes of all.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "results"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(r.markdown()), 0o644); err != nil {
		return err
	}
	for _, w := range r.main.works {
		if err := os.WriteFile(filepath.Join(dir, w.file()), []byte(r.workMarkdown(w)), 0o644); err != nil {
			return err
		}
	}
	for _, t := range []*table{r.main, r.reference} {
		if t == nil {
			continue
		}
		if err := t.benchstat(filepath.Join(dir, t.benchstatFile())); err != nil {
			return err
		}
	}
	return nil
}

// benchstat writes what benchstat says of the table's files to another file.
func (t *table) benchstat(file string) error {
	args := append([]string{"tool", "benchstat", "-col", "/impl"}, t.files...)
	out, err := command(".", nil, "go", args...).Output()
	if err != nil {
		return fmt.Errorf("benchstat of %s: %w", strings.Join(t.files, ", "), err)
	}
	return os.WriteFile(file, out, 0o644)
}

func command(dir string, env []string, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir, c.Stderr = dir, os.Stderr
	c.Env = append(os.Environ(), env...)
	return c
}
