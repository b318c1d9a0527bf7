package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// snapshot is a copy of the library and of the proof, so that what is edited while the
// mutants are tried changes nothing.
//
//	dir/proof       the module of this command
//	dir/tree        the library's module, without the modules in it
//	dir/0, 1, ...   the benches
type snapshot struct {
	dir     string
	commit  string
	hash    [sha256.Size]byte // of all sources
	explore time.Duration

	testLimit time.Duration // for the tests of a package
}

func newSnapshot(root string, explore time.Duration) (*snapshot, error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	s := &snapshot{dir: dir, explore: explore, commit: commitOf(root), testLimit: 2 * time.Minute}
	err = copyModule(root, s.tree())
	if err == nil {
		err = os.CopyFS(s.proof(), os.DirFS(filepath.Join(root, "proof")))
	}
	if err == nil {
		s.hash, err = hashOf(dir)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *snapshot) tree() string  { return filepath.Join(s.dir, "tree") }
func (s *snapshot) proof() string { return filepath.Join(s.dir, "proof") }

// copyModule copies the files of a module, without the modules below it.
func copyModule(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if path != from && (err == nil || strings.HasPrefix(d.Name(), ".")) {
				return fs.SkipDir
			}
			return os.MkdirAll(target, 0o755)
		}
		if !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "go.work") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}

// hashOf is of all that decides how a test ends, but for the list, of which each result
// has its own part.
func hashOf(dir string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(name, "proof/mutants/") || strings.HasSuffix(name, ".md") {
			return nil
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
		return err
	})
	return [sha256.Size]byte(h.Sum(nil)), err
}

// commitOf names what is checked out, with a mark if it has been changed since.
func commitOf(root string) string {
	c := exec.Command("git", "-C", root, "describe", "--always", "--dirty", "--exclude", "*")
	out, err := c.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// each tries the mutants, several at a time, each on a bench of its own. done is called
// with one result at a time.
func (s *snapshot) each(ctx context.Context, parallel int, list []mutant, done func(result) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan mutant)
	var lock sync.Mutex
	var wait sync.WaitGroup
	for n := range parallel {
		wait.Go(func() {
			b, err := s.bench(n)
			if err != nil {
				cancel(err)
				return
			}
			for m := range todo {
				r := b.try(ctx, m)
				if ctx.Err() != nil {
					return // what was cut off says nothing
				}
				lock.Lock()
				if err := done(r); err != nil {
					cancel(err)
				}
				lock.Unlock()
			}
		})
	}
	for _, m := range list {
		select {
		case todo <- m:
		case <-ctx.Done():
		}
	}
	close(todo)
	wait.Wait()
	return context.Cause(ctx)
}

// bench makes a copy in which mistakes can be made.
func (s *snapshot) bench(n int) (*bench, error) {
	dir := filepath.Join(s.dir, fmt.Sprint(n))
	b := &bench{of: s, dir: dir}
	for _, d := range []string{b.tree(), b.temp()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.CopyFS(b.tree(), os.DirFS(s.tree())); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return b, nil
}

// baseline runs the tests that the mutants name without any mistake.
func (s *snapshot) baseline(ctx context.Context, list []mutant, parallel int) error {
	done := map[string]bool{}
	var tests []mutant
	for _, m := range list {
		for _, t := range m.tests {
			if !done[t] {
				done[t] = true
				tests = append(tests, mutant{name: t, tests: []string{t}})
			}
		}
	}
	fmt.Printf("without any mistake: %d kinds of tests\n", len(tests))
	return s.each(ctx, parallel, tests, func(r result) error {
		if r.Verdict != survives {
			return fmt.Errorf("without any mistake: %s: %s: %s%s", r.Name, r.Verdict, r.By, r.said)
		}
		return nil
	})
}
