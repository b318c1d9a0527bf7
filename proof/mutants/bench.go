package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slotpool/slotpool/proof/internal/copied"
)

// bench is a copy of the tree in which one mistake is made at a time.
type bench struct {
	of  *snapshot
	dir string
}

func (b *bench) tree() string     { return filepath.Join(b.dir, "tree") }
func (b *bench) explored() string { return filepath.Join(b.dir, "explored") }
func (b *bench) temp() string     { return filepath.Join(b.dir, "temp") }

// try makes the mistake, if it is one, runs the tests and unmakes it.
func (b *bench) try(ctx context.Context, m mutant) (r result) {
	began := time.Now()
	r = result{Name: m.name, Key: b.of.key(m), Explore: b.of.explore.String(), Commit: b.of.commit}
	defer func() {
		r.Date = time.Now().Format(time.DateOnly)
		r.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
	}()
	if m.from != "" {
		path, before, after, err := m.apply(filepath.Join(b.tree(), m.dir))
		if err == nil {
			err = os.WriteFile(path, after, 0o644)
		}
		if err != nil {
			r.Verdict, r.By = broken, err.Error()
			return r
		}
		defer os.WriteFile(path, before, 0o644)
		if out, err := b.command(ctx, b.tree(), 10*time.Minute, "", "build", "./"+m.dir); err != nil {
			r.Verdict, r.By = noBuild, oneLine(out)
			return r
		}
	}
	r.Verdict, r.By, r.said = b.judge(ctx, m)
	return r
}

// step is one run of a test that a mutant names.
type step struct {
	test    string
	explore time.Duration // 0: it is not one of the scenarios
}

// steps are those of a mutant. The scenarios get an eighth of their time first, as most
// mistakes need no more, and all of it when the other tests have noticed nothing.
func (b *bench) steps(m mutant) (all []step) {
	var long []step
	for _, t := range m.tests {
		if t == "explore" || strings.HasPrefix(t, "explore ") {
			all = append(all, step{t, b.of.explore / 8})
			long = append(long, step{t, b.of.explore})
		} else {
			all = append(all, step{test: t})
		}
	}
	if m.from == "" {
		return all // of the baseline
	}
	return append(all, long...)
}

// judge runs the tests until one notices. One that does not end is no proof, unless the
// list says so: the others may find more.
func (b *bench) judge(ctx context.Context, m mutant) (v verdict, by, said string) {
	stuck := ""
	for _, s := range b.steps(m) {
		switch e := b.run(ctx, s); {
		case e.err != nil:
			return e.verdict, e.err.Error(), ""
		case e.hung:
			stuck = s.test + ": " + e.by
			if m.hangs != "" {
				return hangs, stuck, ""
			}
		case e.by != "" && m.equivalent != "":
			return noticed, s.test + ": " + e.by, e.said
		case e.by != "":
			return dies, s.test + ": " + e.by, e.said
		}
	}
	switch {
	case stuck != "":
		return timedOut, stuck, ""
	case m.equivalent != "":
		return equivalent, m.equivalent, ""
	}
	return survives, "", ""
}

// run runs one step.
func (b *bench) run(ctx context.Context, s step) ending {
	name, which, _ := strings.Cut(s.test, " ")
	if which == "" {
		which = "."
	}
	limit, dir := b.of.testLimit, b.tree()
	args := []string{"test", "-short", "-v", "-failfast", "-count=1", "-vet=off", "-trimpath", "-run", which, "./" + name}
	if s.explore != 0 {
		if err := b.makeExplored(); err != nil {
			return ending{verdict: noBuild, err: err}
		}
		limit, dir = 5*s.explore+time.Minute, b.explored()
		args = copied.Test("-v", "-failfast", "-run", which, "./...")
	}
	args = append(args, "-timeout="+limit.String())
	out, err := b.command(ctx, dir, limit+5*time.Minute, "EXPLORE_FOR="+s.explore.String(), args...)
	return endingOf(out, err)
}

func (b *bench) makeExplored() error {
	if err := os.RemoveAll(b.explored()); err != nil {
		return err
	}
	if err := os.MkdirAll(b.explored(), 0o755); err != nil {
		return err
	}
	if err := copied.Make(b.tree(), b.of.proof(), b.explored()); err != nil {
		return fmt.Errorf("cannot be rewritten: %w", err)
	}
	return nil
}
