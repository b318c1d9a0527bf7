package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/proof/internal/copied"
)

// tree is the library's, of which each directory of tests is read once.
type tree struct {
	root string
	read map[string]*testsIn
}

// testsIn are those of a directory, or all scenarios, which the list calls "explore".
type testsIn struct {
	names  []string
	source string
}

var testNames = regexp.MustCompile(`(?m)^func (Test\w+|Example\w*|Fuzz\w+)\(`)

func (tr *tree) tests(t *testing.T, dir string) *testsIn {
	t.Helper()
	if in := tr.read[dir]; in != nil {
		return in
	}
	where := dir
	if dir == "explore" {
		where = "proof/scenario/*"
	}
	files, err := filepath.Glob(filepath.Join(tr.root, where, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files of tests, %v", dir, len(files), err)
	}
	in := &testsIn{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		in.source += string(text)
	}
	for _, m := range testNames.FindAllStringSubmatch(in.source, -1) {
		in.names = append(in.names, m[1])
	}
	tr.read[dir] = in
	return in
}

func (in *testsIn) hasTest(name *regexp.Regexp) bool {
	return slices.ContainsFunc(in.names, name.MatchString)
}

// hasScenario is for a part of its name as go test prints it.
func (in *testsIn) hasScenario(part string) bool {
	part = strings.ReplaceAll(part, "_", " ")
	return regexp.MustCompile(`"[^"\n]*` + regexp.QuoteMeta(part) + `[^"\n]*"`).MatchString(in.source)
}

// listed complains of a regular expression of the list of which a part finds no test any more.
// A test that is renamed would only be missed, as the others are still there.
func (tr *tree) listed(t *testing.T, dir, which string) error {
	t.Helper()
	in := tr.tests(t, dir)
	outer, scenario, _ := strings.Cut(which, "/")
	for part := range strings.SplitSeq(outer, "|") {
		name, err := regexp.Compile(part)
		if err != nil {
			return err
		}
		if !in.hasTest(name) {
			return fmt.Errorf("%s has no test that matches %q", dir, part)
		}
	}
	if !in.hasScenario(scenario) {
		return fmt.Errorf("%s has no scenario with %q in its name", dir, scenario)
	}
	return nil
}

// noticer complains of a test that RESULTS.md names and that is not there. Of a scenario
// the name is looked for too; other subtests have names that are made of parts.
func (tr *tree) noticer(t *testing.T, dir, test string) error {
	t.Helper()
	in := tr.tests(t, dir)
	outer, inner, _ := strings.Cut(test, "/")
	if !in.hasTest(regexp.MustCompile("^" + regexp.QuoteMeta(outer) + "$")) {
		return fmt.Errorf("%s has no %s", dir, outer)
	}
	if dir == "explore" && !in.hasScenario(inner) {
		return fmt.Errorf("%s has no scenario %q", outer, inner)
	}
	return nil
}

func newTree(t *testing.T) *tree {
	t.Helper()
	root, err := copied.Root()
	if err != nil {
		t.Fatal(err)
	}
	return &tree{root, map[string]*testsIn{}}
}

// TestEachTestThatIsToNoticeIsThere: a test that is renamed takes its mutants along.
func TestEachTestThatIsToNoticeIsThere(t *testing.T) {
	tr := newTree(t)
	for _, m := range listOf(t, tr.root) {
		for _, test := range m.tests {
			dir, which, _ := strings.Cut(test, " ")
			if err := tr.listed(t, dir, which); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
	}
}

// row is what RESULTS.md has of a mutant that a test has noticed: its name, what was run, and the test.
// A regular expression in it may have | written as \|.
var row = regexp.MustCompile(`(?m)^\| (.+?) \| (?:die|hang) \| ([\w/]+)(?: [^:]*)?: (Test[^ :|]+)`)

// TestEachTestThatHasNoticedIsThere, under the name that RESULTS.md has.
func TestEachTestThatHasNoticedIsThere(t *testing.T) {
	tr := newTree(t)
	text, err := os.ReadFile(filepath.Join(tr.root, "proof", "mutants", "RESULTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := row.FindAllStringSubmatch(string(text), -1)
	if n := len(regexp.MustCompile(`\| (die|hang) \|`).FindAllIndex(text, -1)); len(rows) != n || n == 0 {
		t.Errorf("of %d that were noticed %d say by which test", n, len(rows))
	}
	for _, r := range rows {
		if err := tr.noticer(t, r[2], r[3]); err != nil {
			t.Errorf("%s: %v", r[1], err)
		}
	}
}

// TestKillersThatAreGoneAreMissed is of the two tests above.
func TestKillersThatAreGoneAreMissed(t *testing.T) {
	tr := newTree(t)
	for _, gone := range []string{"connpool Watch|NobodyIsCalledThis", "explore TestExplore$/nobody_is_called_this"} {
		dir, which, _ := strings.Cut(gone, " ")
		if tr.listed(t, dir, which) == nil {
			t.Errorf("%s is found", gone)
		}
	}
	for dir, test := range map[string]string{"connpool": "TestWatch", "explore": "TestExplore/nobody_is_called_this"} {
		if tr.noticer(t, dir, test) == nil {
			t.Errorf("%s of %s is found", test, dir)
		}
	}
}
