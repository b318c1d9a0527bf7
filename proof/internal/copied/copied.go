// Package copied makes copies of the library's source in which it can be tried
// under package sched.
package copied

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/slotpool/slotpool/proof/rewrite"
)

const module = "github.com/slotpool/slotpool/"

// packages are those that resourcepool needs, and itself. Scenarios for one are in
// a directory of proof/scenario of its last name.
func packages(root string) (all []string, err error) {
	out, err := Command(root, "list", "-deps", "./resourcepool").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if p, ours := strings.CutPrefix(path, module); ours {
			all = append(all, p)
		}
	}
	return all, nil
}

// Root returns the directory of the root module, for a program that runs
// anywhere below it.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "resourcepool")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			err = errors.New("no directory above has resourcepool in it")
		}
		dir = up
	}
	return "", err
}

// Make writes into dir a module of the library's name with the rewritten
// packages of root and the scenarios of proof, which is the directory of the
// module that this package is in.
func Make(root, proof, dir string) error {
	all, err := packages(root)
	if err != nil {
		return err
	}
	for _, p := range all {
		from, to := filepath.Join(root, p), filepath.Join(dir, p)
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		isTest := func(name string) bool { return strings.HasSuffix(name, "_test.go") }
		if err := each(from, to, func(name string) bool { return !isTest(name) }); err != nil {
			return err
		}
		scenarios := filepath.Join(proof, "scenario", filepath.Base(p))
		if err := each(scenarios, to, isTest); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return goMod(root, proof, dir)
}

// each rewrites the Go files of a directory whose names are wanted.
func each(from, to string, wanted func(string) bool) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || !wanted(e.Name()) {
			continue
		}
		path := filepath.Join(from, e.Name())
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		out, err := rewrite.Source(e.Name(), source)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), out, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func goMod(root, proof, dir string) error {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	more := fmt.Sprintf("\nrequire github.com/slotpool/slotpool/proof v0.0.0\nreplace github.com/slotpool/slotpool/proof => %s\n", proof)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), append(mod, more...), 0o644); err != nil {
		return err
	}
	var sums []byte
	for _, m := range []string{root, proof} {
		s, err := os.ReadFile(filepath.Join(m, "go.sum"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sums = append(sums, s...)
	}
	return os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644)
}

// Command is a go command in such a module.
func Command(dir string, args ...string) *exec.Cmd {
	c := exec.Command("go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	return c
}

// Test are the arguments of Command that run the scenarios.
func Test(more ...string) []string {
	return append([]string{"test", "-trimpath", "-vet=off", "-tags=explore", "-count=1"}, more...)
}
