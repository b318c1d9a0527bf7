package readme

import (
	"strings"
	"testing"
)

// TestOverviews: the doc.go of each public package says what it is for and when not to use it.
// Those whose connections have a life show it.
func TestOverviews(t *testing.T) {
	for pkg, headings := range map[string][]string{
		"connpool":         {"# Life of a connection", "# When not to use it", "# Concurrency"},
		"resourcepool":     {"# Life of a resource", "# When not to use it", "# Concurrency"},
		"slothttp":         {"# Life of a connection", "# When not to use it"},
		"slotdebug":        {"# When not to use it"},
		"metrics/slotprom": {"# When not to use it"},
		"metrics/slototel": {"# When not to use it"},
	} {
		doc := read(t, "../../"+pkg+"/doc.go")
		name := pkg[strings.LastIndex(pkg, "/")+1:]
		if !strings.HasPrefix(doc, "// Package "+name+" ") {
			t.Errorf("%s: its first line does not say what it is for", pkg)
		}
		for _, h := range headings {
			if !strings.Contains(doc, "\n// "+h+"\n") {
				t.Errorf("%s/doc.go has no %q", pkg, h)
			}
		}
	}
}
