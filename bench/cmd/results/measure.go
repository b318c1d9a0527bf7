package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	bodies "github.com/slotpool/slotpool/bench/work"
)

// addressDescriptors is the limit on descriptors that the benchmarks in
// bench/addresses need.
const addressDescriptors = 16_000

// measure runs the benchmarks. It returns the files with their output, and
// sentences that say what could not be run.
func (o options) measure() (files, leftOut []string, err error) {
	out := filepath.Join(o.dir, "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, nil, err
	}
	leave := func(sentence string) {
		leftOut = append(leftOut, sentence)
		fmt.Fprintln(os.Stderr, "results:", sentence)
	}
	run := func(o options, name, dir string, env ...string) {
		if err == nil {
			file := filepath.Join(out, name)
			files = append(files, file)
			err = o.runTo(file, dir, env)
		}
	}
	run(o, "bench.txt", ".")
	run(o.atLeast(crowdTime), "crowd.txt", "crowd")
	if most := descriptors(); most < addressDescriptors {
		leave(fmt.Sprintf("ByAddress was not run: it needs %d descriptors, and `ulimit -Hn` is %d.", addressDescriptors, most))
	} else {
		run(o, "addresses.txt", "addresses")
	}
	const off = "GOWORK=off"
	switch {
	case err != nil:
	case !o.reference:
		leave("The reference was not run: it was not asked for.")
	case command("reference", []string{off}, "go", "mod", "download").Run() != nil:
		leave("The reference was not run: its module could not be had from the module proxy.")
	default:
		run(o, "reference.txt", "reference", off)
	}
	return files, leftOut, err
}

// crowdTime is how long a run in bench/crowd takes at the least, where a single wait
// can last a tenth of a second.
const crowdTime = 2 * time.Second

// atLeast returns the options with a longer benchtime, unless it is one that counts cycles.
func (o options) atLeast(least time.Duration) options {
	if d, err := time.ParseDuration(o.benchtime); err == nil && d < least {
		o.benchtime = least.String()
	}
	return o
}

// descriptors is how many a child may have. Go's programs raise their own limit
// to the hard one.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return limit.Max
}

// runTo writes what the benchmarks in dir say to a file. Each count is a process of its
// own from a fresh copy of the binary. Where code and data come to lie in memory, and on
// which processors, makes a difference of a tenth or more. In one process that would be
// the same for all counts. Who comes first makes a difference too; it is another
// contender in each.
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
	if err := o.writeHeader(f); err != nil {
		return err
	}
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

// writeHeader says where the figures come from, in lines that readTables finds
// again and benchstat shows.
func (o options) writeHeader(w io.Writer) error {
	_, err := fmt.Fprintf(w, "commit: %s\ndate: %s\nkernel: %s\ngo: %s\ncommand: go run ./cmd/results -count %d -benchtime %s -bench '%s'\n",
		said("git", "describe", "--always", "--dirty", "--abbrev=12"),
		time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		said("uname", "-sr"), runtime.Version(), o.count, o.benchtime, o.bench)
	return err
}

// said is what a command prints, or nothing if it fails.
func said(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return unrecorded
	}
	return strings.TrimSpace(string(out))
}
