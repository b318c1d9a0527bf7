package readme

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// lines are those of code that say something, without their indentation.
func lines(code string) string {
	var kept []string
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestCodeIsCompiled(t *testing.T) {
	compiled := lines(read(t, "snippets_test.go"))
	blocks := strings.Split(read(t, "../../README.md"), "```go\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("%d blocks of Go in README.md", len(blocks))
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(compiled, lines(code)) {
			t.Errorf("not in snippets_test.go, so not compiled:\n%s", code)
		}
	}
}

// Links to files of this repository, and to headings in them, lead somewhere.
func TestLinksLead(t *testing.T) {
	for _, page := range pages(t) {
		for _, part := range strings.Split(read(t, page), "](")[1:] {
			link, _, _ := strings.Cut(part, ")")
			if strings.Contains(link, "://") {
				continue
			}
			file, heading, _ := strings.Cut(link, "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", page, err)
			} else if heading != "" && !slices.Contains(anchors(read(t, target)), heading) {
				t.Errorf("%s: %s has no heading #%s", page, target, heading)
			}
		}
	}
}

// pages are the Markdown files of the repository.
func pages(t *testing.T) (found []string) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == ".git" && d.IsDir() {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) < 10 {
		t.Fatalf("%d pages: %v", len(found), err)
	}
	return found
}

// anchors are the names by which a browser finds the headings of a page.
func anchors(page string) (names []string) {
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			title := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
			names = append(names, strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '-'
				case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
					return r
				}
				return -1
			}, title))
		}
	}
	return names
}
