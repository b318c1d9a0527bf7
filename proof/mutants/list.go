package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// mutant is one mistake.
type mutant struct {
	name       string
	dir        string   // of the package
	tests      []string // "explore [regexp]", or a package and perhaps a regexp
	equivalent string   // why nobody could notice; "" if somebody must
	hangs      string   // why a test that does not end has noticed it; "" if that is no proof
	from, to   string
}

// read reads the list. A mutant in it is
//
//	== name
//	package: resourcepool           (the package; which file it finds)
//	tests: explore; resourcepool TestX
//	equivalent: reason              (or not there)
//	hangs: reason                   (or not there)
//	-- what is in the file, once
//	...
//	++ what comes in its place
//	...
//
// Blank lines between them and lines that begin with # before the -- are ignored.
// Package and tests hold until others are named.
func read(path string) (list []mutant, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var last mutant
	names := map[string]bool{}
	for _, part := range strings.Split("\n"+string(text), "\n== ")[1:] {
		m, err := parse(part, last)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if names[m.name] {
			return nil, fmt.Errorf("%s: two are called %q", path, m.name)
		}
		names[m.name] = true
		list, last = append(list, m), m
	}
	return list, nil
}

// parse reads one mutant, which comes after last.
func parse(part string, last mutant) (m mutant, err error) {
	head, body, ok := strings.Cut(part, "\n--\n")
	from, to, ok2 := strings.Cut(body, "\n++\n")
	lines := strings.Split(head, "\n")
	if !ok || !ok2 {
		return m, fmt.Errorf("%q has no -- or no ++", lines[0])
	}
	m = mutant{name: lines[0], dir: last.dir, tests: last.tests, from: from, to: strings.TrimRight(to, "\n")}
	for _, line := range lines[1:] {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "package":
			m.dir = value
		case "tests":
			m.tests = strings.Split(value, "; ")
		case "equivalent":
			m.equivalent = value
		case "hangs":
			m.hangs = value
		default:
			if line != "" && !strings.HasPrefix(line, "#") {
				return m, fmt.Errorf("%q: what is %q?", m.name, line)
			}
		}
	}
	if strings.Contains("\n"+body, "\n#") {
		return m, fmt.Errorf("%q has a comment in its code", m.name)
	}
	if m.dir == "" || len(m.tests) == 0 {
		return m, fmt.Errorf("%q has no package or no tests", m.name)
	}
	return m, nil
}

// apply makes the mistake in the one file of the package that has room for it.
func (m mutant) apply(dir string) (path string, before, after []byte, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", nil, nil, err
	}
	times := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", nil, nil, err
		}
		if n := strings.Count(string(text), m.from); n > 0 && !strings.HasSuffix(f, "_test.go") {
			times += n
			path, before = f, text
		}
	}
	if times != 1 {
		return "", nil, nil, fmt.Errorf("what it changes is %d times in %s: bring list.txt up to date", times, m.dir)
	}
	return path, before, []byte(strings.Replace(string(before), m.from, m.to, 1)), nil
}

// choose picks those whose name is wanted and, of these, a sample that is
// spread over the list: the same for the same seed, and none of it in that of the next.
func choose(list []mutant, wanted *regexp.Regexp, sample, seed int) (chosen []mutant) {
	for _, m := range list {
		if wanted.MatchString(m.name) {
			chosen = append(chosen, m)
		}
	}
	if sample <= 0 || sample >= len(chosen) {
		return chosen
	}
	all := chosen
	chosen = nil
	for i := range sample {
		from, to := i*len(all)/sample, (i+1)*len(all)/sample
		width := to - from
		chosen = append(chosen, all[from+(seed%width+width)%width])
	}
	return chosen
}
