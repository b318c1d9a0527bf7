package readme

import (
	"os"
	"regexp"
	"testing"
)

// The documentation of internal/evict says by which test each invariant is held.
func TestDocOfEvictNamesTestsThatAreThere(t *testing.T) {
	doc, err := os.ReadFile("../evict/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	there := functions(t, "../evict")
	named := regexp.MustCompile(`Test\w+`).FindAllString(string(doc), -1)
	for _, name := range named {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
	if len(named) < 10 {
		t.Errorf("only %d tests are named", len(named))
	}
}
