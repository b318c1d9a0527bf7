// Results runs the benchmarks and writes what they showed: RESULTS.md and a
// plot, both in the directory of the bench module, where it must be run.
//
//	go run ./cmd/results -count 10 -benchtime 100ms
//
// With -from it reads the output of earlier runs instead.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	bodies "github.com/slotpool/slotpool/bench/work"
)

func main() {
	o := options{}
	flag.IntVar(&o.count, "count", 10, "how often to run each benchmark")
	flag.StringVar(&o.benchtime, "benchtime", "100ms", "how long a run takes, as for go test")
	flag.StringVar(&o.bench, "bench", ".", "which benchmarks, as for go test")
	flag.StringVar(&o.dir, "o", ".", "where to write RESULTS.md, results.svg and out/*.txt")
	flag.BoolVar(&o.reference, "reference", true, "run the reference too, if its module can be had")
	flag.StringVar(&o.from, "from", "", "a file, or several with commas between, to read instead of running")
	flag.StringVar(&o.note, "note", "", "what to say of how the figures were made")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(1)
	}
}

type options struct {
	count                             int
	benchtime, bench, dir, from, note string
	reference                         bool
}

func run(o options) error {
	if o.count < 1 {
		return fmt.Errorf("-count %d: must be at least 1", o.count)
	}
	r := &report{environment: newEnvironment(), note: o.note}
	files := strings.Split(o.from, ",")
	if len(files) > 2 {
		return fmt.Errorf("-from %s: want the contenders' output and at most the reference's", o.from)
	}
	if o.from != "" {
		r.commands = []string{"go run ./cmd/results -from " + o.from}
	} else {
		var err error
		if files, err = measure(o, r); err != nil {
			return err
		}
	}
	for i, file := range files {
		t, err := readTable(file)
		if err != nil {
			return err
		}
		if i == 0 {
			r.main, r.cpu = t, t.cpu
		} else {
			r.reference = t
		}
		text, err := benchstat(file)
		if err != nil {
			return err
		}
		r.benchstat = append(r.benchstat, text)
	}
	if err := plotResults(r.main, filepath.Join(o.dir, "results.svg")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.dir, "RESULTS.md"), []byte(r.markdown()), 0o644)
}

// measure runs the benchmarks and returns the files with their output.
func measure(o options, r *report) ([]string, error) {
	out := filepath.Join(o.dir, "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	r.commands = append(r.commands, fmt.Sprintf("go run ./cmd/results -count %d -benchtime %s -bench '%s'", o.count, o.benchtime, o.bench))
	files := []string{filepath.Join(out, "bench.txt")}
	if err := o.runTo(files[0], ".", nil); err != nil {
		return nil, err
	}
	if !o.reference {
		return files, nil
	}
	off := []string{"GOWORK=off"}
	if err := command("reference", off, "go", "mod", "download").Run(); err != nil {
		r.noReference = "its module could not be had from the module proxy"
		fmt.Fprintln(os.Stderr, "results: the reference is left out:", r.noReference)
		return files, nil
	}
	files = append(files, filepath.Join(out, "reference.txt"))
	return files, o.runTo(files[1], "reference", off)
}

// runTo writes what the benchmarks in dir say to a file. Each count is a process
// of its own from a fresh copy of the binary: where code and data come to lie in
// memory, and on which processors, makes a difference of a tenth or more, and
// would otherwise be drawn once for all counts. So does who comes first, which is
// another contender in each.
func (o options) runTo(file, dir string, env []string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	binary := file + ".test"
	if err := command(dir, env, "go", "test", "-c", "-o", binary, ".").Run(); err != nil {
		return fmt.Errorf("building the benchmarks in %s: %w", dir, err)
	}
	defer os.Remove(binary)
	program, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := range o.count {
		fmt.Fprintf(os.Stderr, "results: run %d of %d in %s\n", i+1, o.count, dir)
		if err := os.Remove(binary); err != nil {
			return err
		}
		if err := os.WriteFile(binary, program, 0o755); err != nil {
			return err
		}
		c := command(dir, append(env, fmt.Sprintf("%s=%d", bodies.RotateVariable, i)), binary, "-test.run", "^$", "-test.timeout", "1h",
			"-test.bench", o.bench, "-test.benchtime", o.benchtime)
		c.Stdout = f
		if err := c.Run(); err != nil {
			return fmt.Errorf("benchmarks in %s: %w; see %s", dir, err, file)
		}
	}
	return f.Close()
}

func command(dir string, env []string, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir, c.Stderr = dir, os.Stderr
	c.Env = append(os.Environ(), env...)
	return c
}

func benchstat(file string) (string, error) {
	out, err := command(".", nil, "go", "tool", "benchstat", "-col", "/impl", file).Output()
	if err != nil {
		return "", fmt.Errorf("benchstat of %s: %w", file, err)
	}
	return string(out), nil
}
