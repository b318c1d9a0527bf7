package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/integration/snippets"
)

var codeBlock = regexp.MustCompile("(?s)\n```go\n(.*?)```\n")

var snippetLink = regexp.MustCompile(`\]\(\.\./integration/(snippets/\w+\.go)\)`)

// Each block of Go code on the pages stands in a file of the package snippets, which is
// compiled and tried. Each exported function there is on a page, or in a file that a
// page links to.
func TestPagesShowWhatIsCompiled(t *testing.T) {
	sources := snippetSources(t)
	var shown strings.Builder
	linked := map[string]bool{}
	for _, page := range []string{"../docs/integrations.md", "../docs/fleet.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := codeBlock.FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s: no code", page)
		}
		for _, block := range blocks {
			shown.WriteString(block[1])
			if !isIn(sources, "\n"+block[1]) {
				t.Errorf("%s shows what is in no file of snippets:\n%s", page, block[1])
			}
			if lines := codeLines(block[1]); lines > 13 {
				t.Errorf("%s shows %d lines at once:\n%s", page, lines, block[1])
			}
		}
		for _, link := range snippetLink.FindAllStringSubmatch(string(text), -1) {
			if sources[link[1]] == "" {
				t.Errorf("%s links to %s, which is not there", page, link[1])
			}
			linked[link[1]] = true
		}
	}
	for file, source := range sources {
		if linked[file] {
			continue
		}
		for _, f := range regexp.MustCompile(`(?m)^func (?:\(.*\) )?[A-Z]\w*\(`).FindAllString(source, -1) {
			if !strings.Contains(shown.String(), f) {
				t.Errorf("no page shows %q", f)
			}
		}
	}
}

// snippetSources are the texts of the files of the package snippets.
func snippetSources(t *testing.T) map[string]string {
	files, err := filepath.Glob("snippets/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	sources := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources[file] = string(text)
	}
	return sources
}

func isIn(sources map[string]string, text string) bool {
	for _, source := range sources {
		if strings.Contains(source, text) {
			return true
		}
	}
	return false
}

// codeLines is how many lines have code and not only a comment.
func codeLines(block string) (n int) {
	for line := range strings.Lines(block) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

// When a process is lost, its targets move and no others.
func TestTargetsOfALostProcessMoveAlone(t *testing.T) {
	var targets []string
	for i := range 10000 {
		targets = append(targets, fmt.Sprintf("10.0.%d.%d:80", i/250, i%250))
	}
	owner := func(processes ...string) map[string]string {
		owners := map[string]string{}
		for _, p := range processes {
			for _, target := range snippets.Mine(targets, processes, p) {
				if owners[target] != "" {
					t.Fatalf("%s has two owners", target)
				}
				owners[target] = p
			}
		}
		return owners
	}
	before, after := owner("a", "b", "c", "d"), owner("d", "c", "a")
	counts := map[string]int{}
	for target, p := range before {
		counts[p]++
		if p != "b" && after[target] != p {
			t.Fatalf("%s moved from %s to %s", target, p, after[target])
		}
	}
	if len(before) != len(after) {
		t.Fatalf("%d targets of %d", len(after), len(before))
	}
	for p, n := range counts {
		if even := len(before) / 4; n < even*9/10 || n > even*11/10 {
			t.Errorf("%s has %d targets of %d", p, n, len(before))
		}
	}
	t.Log(counts)
}
