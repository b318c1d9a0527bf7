package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rooms as README.md has them: each uses only those before it.
var rooms = []string{"wire", "server", "proc", "check", "load", "faults", "report", "run"}

func TestRoomsUseOnlyThoseBefore(t *testing.T) {
	const module = "github.com/slotpool/slotpool/cmd/soak/"
	for number, room := range rooms {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("room %s: %d files, %v", room, len(files), err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				path, _ := strconv.Unquote(i.Path.Value)
				other, ours := strings.CutPrefix(path, module)
				if ours && !slices.Contains(rooms[:number], other) {
					t.Errorf("%s uses room %s", file, other)
				}
			}
		}
	}
}

func TestReadmeListsRoomsInOrder(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, room := range rooms {
		i := strings.Index(string(text[at:]), "\n| `"+room+"` |")
		if i < 0 {
			t.Fatalf("README.md has no row for %s after those before it", room)
		}
		at += i
	}
}
