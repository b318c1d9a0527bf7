package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// small makes a module with one package and a list of mutants of it, and returns its directory.
func small(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":             "module small\n\ngo 1.26.0\n",
		"resourcepool/.keep": "",
		"nested/go.mod":      "module nested\n",
		"sum/sum.go": `package sum

func Sum(a, b int) int {
	done := true
	for !done {
	}
	return a + b
}

func Spare() int { return 1 }
`,
		"sum/sum_test.go": `package sum

import "testing"

func TestSum(t *testing.T) {
	if Sum(1, 2) != 3 {
		t.Fatal("wrong")
	}
}
`,
		"proof/mutants/list.txt": `A list.

== minus
package: sum
tests: sum
--
	return a + b
++
	return a - b

== spare
--
return 1
++
return 2

== spare, equivalent
equivalent: nobody calls it
--
return 1
++
return 2

== no Go
--
	return a + b
++
	return a + c

== wrongly equivalent
equivalent: it is not
--
	return a + b
++
	return a - b

== in no file
--
	return a * b
++
	return a

== panics
--
	return a + b
++
	panic("x")
`,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func listOf(t *testing.T, root string) []mutant {
	t.Helper()
	list, err := read(filepath.Join(root, "proof", "mutants", "list.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What did not compile counted as a death, and so did anything else that made go test fail.
func TestOnlyAFailingTestIsADeath(t *testing.T) {
	root := small(t)
	s, err := newSnapshot(root, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(s.dir)
	if _, err := os.Stat(filepath.Join(s.tree(), "nested")); err == nil {
		t.Error("a module within the module was copied")
	}
	got := map[string]result{}
	list := listOf(t, root)
	if err := s.each(t.Context(), 2, list, func(r result) error { got[r.Name] = r; return nil }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]verdict{
		"minus": dies, "spare": survives, "spare, equivalent": equivalent, "no Go": noBuild,
		"wrongly equivalent": noticed, "in no file": broken, "panics": dies,
	} {
		if r := got[name]; r.Verdict != want {
			t.Errorf("%s: %s (%s), want %s", name, r.Verdict, r.By, want)
		}
	}
	if by := got["minus"].By; by != "sum: TestSum" {
		t.Errorf("noticed by %q", by)
	}
	if text, err := os.ReadFile(filepath.Join(s.dir, "0", "tree", "sum", "sum.go")); err != nil || !strings.Contains(string(text), "a + b") {
		t.Errorf("a mistake was left behind: %s, %v", text, err)
	}
}

func TestBaselineMustPassAndRun(t *testing.T) {
	root := small(t)
	s, err := newSnapshot(root, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(s.dir)
	for test, want := range map[string]string{"sum": "", "sum TestOther": "no test was run", "other": "DO NOT COMPILE"} {
		err := s.baseline(t.Context(), []mutant{{name: "x", dir: "sum", tests: []string{test}}}, 1)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", test, err, want)
		}
	}
}

func TestRunGoesOnWhereItWasCutOff(t *testing.T) {
	root := small(t)
	list := listOf(t, root)[:3]
	o := options{explore: time.Second, parallel: 1, results: filepath.Join(t.TempDir(), "kept")}
	if err := runAll(t.Context(), root, list[:1], o); err != nil {
		t.Fatal(err)
	}
	err := runAll(t.Context(), root, list, o)
	if err == nil || !strings.Contains(err.Error(), "1 of 3") {
		t.Errorf("with one that survives: %v", err)
	}
	kept, err := readResults(o.results)
	if err != nil || len(kept) != 3 {
		t.Fatalf("%d are kept, %v", len(kept), err)
	}
	// Another tree has results of its own.
	path := filepath.Join(root, "sum", "sum_test.go")
	if err := os.WriteFile(path, []byte("package sum\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := runAll(t.Context(), root, list[:1], o); err == nil || !strings.Contains(err.Error(), "no test was run") {
		t.Errorf("without tests: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.results = ""
	if err := runAll(ctx, root, list, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
}

func TestEndings(t *testing.T) {
	failed := errors.New("exit status 1")
	for _, c := range []struct {
		name, out string
		err       error
		by        string
		hung      bool
		verdict   verdict
	}{
		{name: "passes", out: "ok  \tx/a\t0.1s [no tests to run]\nok  \tx/b\t0.1s\n"},
		{name: "nothing runs", out: "ok  \tx/a\t0.1s [no tests to run]\n", verdict: broken},
		{name: "fails", out: "=== RUN   TestA\n=== RUN   TestA/b\n    a_test.go:1: x\n--- FAIL: TestA (0s)\n    --- FAIL: TestA/b (0s)\nFAIL\n", err: failed, by: "TestA/b"},
		{name: "panics", out: "=== RUN   TestA\n--- PASS: TestA\n=== RUN   TestB\npanic: y\n\ngoroutine 1:\n", err: failed, by: "TestB: panic: y"},
		{name: "deadlock", out: "=== RUN   TestA\nfatal error: all goroutines are asleep\n", err: failed, by: "TestA: fatal error: all goroutines are asleep"},
		{name: "hangs", out: "=== RUN   TestA\npanic: test timed out after 2m0s\n\trunning tests:\n\t\tTestA (1m59s)\n", err: failed, by: "TestA does not end", hung: true},
		{name: "does not compile", out: "# x\nx.go:1: no\nFAIL\tx [build failed]\n", err: failed, verdict: noBuild},
		{name: "is killed", out: "signal: killed\n", err: failed, verdict: broken},
	} {
		e := endingOf([]byte(c.out), c.err)
		if e.by != c.by || e.hung != c.hung || e.verdict != c.verdict || (e.err != nil) != (c.verdict != "") {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
}

// A time-out is no proof, unless the list says that the mistake shows so.
func TestTimeOutIsADeathOnlyIfListed(t *testing.T) {
	root := small(t)
	path := filepath.Join(root, "proof", "mutants", "list.txt")
	text := "== sleeps\npackage: sum\ntests: sum\n--\n\tdone := true\n++\n\tdone := false\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := newSnapshot(root, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(s.dir)
	s.testLimit = time.Second
	for reason, want := range map[string]verdict{"": timedOut, "nobody ends the loop": hangs} {
		m := listOf(t, root)[0]
		m.hangs = reason
		if err := s.each(t.Context(), 1, []mutant{m}, func(r result) error {
			if r.Verdict != want {
				t.Errorf("hangs %q: %s (%s)", reason, r.Verdict, r.By)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSamplesOfSuccessiveSeedsAreDisjointAndCoverTheList(t *testing.T) {
	var list []mutant
	for i := range 23 {
		list = append(list, mutant{name: string(rune('a' + i))})
	}
	all := regexp.MustCompile("")
	seen := map[string]int{}
	for seed := range 4 {
		for _, m := range choose(list, all, 6, seed) {
			seen[m.name]++
		}
	}
	if len(seen) != len(list) {
		t.Errorf("%d of %d seen", len(seen), len(list))
	}
	names := func(of []mutant) (s []string) {
		for _, m := range of {
			s = append(s, m.name)
		}
		return s
	}
	if a, b := names(choose(list, all, 6, -3)), names(choose(list, all, 6, -3)); !slices.Equal(a, b) || len(a) != 6 {
		t.Errorf("%v and %v of one seed", a, b)
	}
	if n := len(choose(list, regexp.MustCompile("[abc]"), 6, 0)); n != 3 {
		t.Errorf("%d of 3", n)
	}
}

func TestListTellsItsMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"== a\npackage: x\ntests: x\n--\nb\n":                              "no -- or no ++",
		"== a\ntests: x\n--\nb\n++\nc\n":                                   "no package",
		"== a\npackage: x\ntests: x\n--\nb\n++\nc\n\n# of the next\n":      "a comment in its code",
		"== a\npackage: x\ntests: x\nwhy: y\n--\nb\n++\nc\n":               `what is "why: y"`,
		"== a\npackage: x\ntests: x\n--\nb\n++\nc\n\n== a\n--\nb\n++\nc\n": `two are called "a"`,
	} {
		path := filepath.Join(t.TempDir(), "list.txt")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := read(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
