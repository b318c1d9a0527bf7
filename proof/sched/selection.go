package sched

import (
	"flag"
	"regexp"
	"strings"
	"testing"
)

// selection is what go test is told to run, by -run and -skip.
type selection struct{ run, skip [][]*regexp.Regexp }

func selectionOf(t testing.TB) (s selection) {
	for name, to := range map[string]*[][]*regexp.Regexp{"test.run": &s.run, "test.skip": &s.skip} {
		f := flag.Lookup(name)
		if f == nil || f.Value.String() == "" {
			continue
		}
		var err error
		if *to, err = patterns(f.Value.String()); err != nil {
			t.Fatalf("-%s: %v", name, err)
		}
	}
	return s
}

// patterns splits at each | that is in no brackets, and each part of that at each /:
// one expression for each level of a test's name.
func patterns(text string) (all [][]*regexp.Regexp, err error) {
	for _, way := range split(text, '|') {
		var levels []*regexp.Regexp
		for _, level := range split(way, '/') {
			x, err := regexp.Compile(level)
			if err != nil {
				return nil, err
			}
			levels = append(levels, x)
		}
		all = append(all, levels)
	}
	return all, nil
}

func split(text string, at byte) (parts []string) {
	square, round, from := 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']' && square > 0:
			square--
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == at && square == 0 && round == 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// selects reports whether go test runs the test of that name. Its spaces are underscores
// there.
func (s selection) selects(test string) bool {
	names := strings.Split(strings.ReplaceAll(test, " ", "_"), "/")
	wanted := s.run == nil
	for _, levels := range s.run {
		wanted = wanted || matches(levels, names)
	}
	for _, levels := range s.skip {
		if len(levels) <= len(names) && matches(levels, names) {
			return false
		}
	}
	return wanted
}

// matches compares as many levels as both have.
func matches(levels []*regexp.Regexp, names []string) bool {
	for i := range min(len(levels), len(names)) {
		if !levels[i].MatchString(names[i]) {
			return false
		}
	}
	return true
}
