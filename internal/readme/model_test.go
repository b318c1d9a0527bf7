package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// model/README.md says which function each step of the model is of. A function that is
// renamed must be renamed there too.
func TestModelNamesFunctionsThatAreThere(t *testing.T) {
	text, err := os.ReadFile("../../model/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n| model | code |\n")
	if !ok {
		t.Fatal("model/README.md has no table of the code")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	there := functions(t, "../../resourcepool", "../evict", "../shard")
	named := regexp.MustCompile("`(?:\\w+\\.)?(\\w+)`")
	found := 0
	for row := range strings.Lines(table) {
		columns := strings.Split(row, "|")
		for _, name := range named.FindAllStringSubmatch(columns[2], -1) {
			found++
			if !there[name[1]] {
				t.Errorf("model/README.md: there is no %s in the code:\n%s", name[1], row)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d names are in the table", found)
	}
}

// functions has the names of functions, methods and the fields of one line.
func functions(t *testing.T, directories ...string) map[string]bool {
	declared := regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type Word struct\{ )(\w+)`)
	names := map[string]bool{}
	for _, directory := range directories {
		files, err := filepath.Glob(directory + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", directory, len(files), err)
		}
		for _, file := range files {
			code, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range declared.FindAllStringSubmatch(string(code), -1) {
				names[name[1]] = true
			}
		}
	}
	return names
}
