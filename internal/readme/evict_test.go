package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The documentation of internal/evict says by which test each invariant is held.
func TestDocOfEvictNamesTestsThatAreThere(t *testing.T) {
	doc, err := os.ReadFile("../evict/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	files, err := filepath.Glob("../evict/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(code)
	}
	named := regexp.MustCompile(`Test\w+`).FindAllString(string(doc), -1)
	for _, name := range named {
		if !strings.Contains(tests.String(), "func "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
	if len(named) < 10 {
		t.Errorf("only %d tests are named", len(named))
	}
}
