package readme

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/slotpool/slotpool/"

// TestPictureOfThePackages compares the picture in DESIGN.md with the imports.
func TestPictureOfThePackages(t *testing.T) {
	_, picture, ok := strings.Cut(read(t, "../../DESIGN.md"), "```imports\n")
	if !ok {
		t.Fatal("DESIGN.md has no block of imports")
	}
	picture, _, _ = strings.Cut(picture, "```")
	drawn := strings.Split(strings.TrimSpace(lines(picture)), "\n")
	slices.Sort(drawn)
	if real := imports(t); !slices.Equal(drawn, real) {
		t.Errorf("DESIGN.md draws\n%s\nThe packages import\n%s", strings.Join(drawn, "\n"), strings.Join(real, "\n"))
	}
}

// imports are lines of the form "package -> what it imports of this module", sorted.
func imports(t *testing.T) (all []string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("go list: %v", err) // as of a copy without its go.mod
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		var own []string
		for _, imported := range words[1:] {
			if short, ok := strings.CutPrefix(imported, module); ok {
				own = append(own, short)
			}
		}
		if len(own) > 0 && !nested(words[0]) {
			slices.Sort(own)
			all = append(all, strings.TrimPrefix(words[0], module)+" -> "+strings.Join(own, ", "))
		}
	}
	slices.Sort(all)
	return all
}

// nested reports whether a package is of a module of its own.
func nested(path string) bool {
	for _, m := range []string{"bench", "cmd/soak", "integration", "metrics/", "proof"} {
		if strings.HasPrefix(path, module+m) {
			return true
		}
	}
	return false
}
