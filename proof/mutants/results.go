package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// verdict is what became of a mutant.
type verdict string

const (
	dies       verdict = "die"        // a test has failed
	hangs      verdict = "hang"       // a test has not ended, which the list says is how it fails
	equivalent verdict = "equivalent" // nobody can notice it
	survives   verdict = "SURVIVE"
	noticed    verdict = "NOTICED, though listed as equivalent"
	timedOut   verdict = "TIMED OUT"      // and nothing has failed
	noBuild    verdict = "DO NOT COMPILE" // which is a mistake of the list
	broken     verdict = "NOT TRIED"      // for some other reason
)

var verdicts = []verdict{dies, hangs, equivalent, survives, noticed, timedOut, noBuild, broken}

// fine: it is as it should be.
func (v verdict) fine() bool { return v == dies || v == hangs || v == equivalent }

// result is a line of the file.
type result struct {
	Name    string
	Verdict verdict
	By      string // the test, or the reason
	Seconds float64
	Explore string
	Commit  string
	Date    string
	Key     string // of the mutant and all sources

	said string // what the test printed, in part; not kept
}

func (r result) String() string {
	s := fmt.Sprintf("%-11s %s", r.Verdict, r.Name)
	if r.By != "" {
		s += " | " + r.By
	}
	return fmt.Sprintf("%s (%gs)", s, r.Seconds)
}

// key is the same for what gives the same result.
func (s *snapshot) key(m mutant) string {
	h := sha256.New()
	fmt.Fprintf(h, "%x %q %v %q %t %t %q %q", s.hash, m.dir, s.explore, m.tests, m.equivalent != "", m.hangs != "", m.from, m.to)
	return fmt.Sprintf("%x", h.Sum(nil)[:12])
}

// results are those that are kept in a file: a line each, the newest last.
type results struct {
	from  *snapshot
	file  *os.File // nil: nothing is kept
	byKey map[string]result
}

func openResults(path string, s *snapshot) (*results, error) {
	rs := &results{from: s, byKey: map[string]result{}}
	if path == "" {
		return rs, nil
	}
	old, err := readResults(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, r := range old {
		rs.byKey[r.Key] = r
	}
	rs.file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return rs, err
}

func readResults(path string) (all []result, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for n, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var r result
		if err := json.Unmarshal(line, &r); err != nil && len(line) > 0 {
			return nil, fmt.Errorf("%s:%d: %w", path, n+1, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// of returns the result of an earlier run, if nothing has changed since, and it was tried.
func (rs *results) of(m mutant) (r result, ok bool) {
	r, ok = rs.byKey[rs.from.key(m)]
	r.Name = m.name
	return r, ok && r.Verdict != broken && r.Verdict != timedOut
}

func (rs *results) add(r result) error {
	if rs.file == nil {
		return nil
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = rs.file.Write(append(line, '\n'))
	}
	return err
}

func (rs *results) close() {
	if rs.file != nil {
		rs.file.Close()
	}
}

// table prints the newest result of each mutant of the list.
func table(w io.Writer, path string, list []mutant) error {
	if path == "" {
		return errors.New("-table: of which -results?")
	}
	all, err := readResults(path)
	if err != nil {
		return err
	}
	newest := map[string]result{}
	for _, r := range all {
		newest[r.Name] = r
	}
	fmt.Fprintf(w, "| mutant | outcome | noticed by, or why nobody can | commit, date |\n|---|---|---|---|\n")
	for _, m := range list {
		r, ok := newest[m.name]
		if !ok {
			r = result{Name: m.name, Verdict: "not run"}
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s %s |\n", m.name, r.Verdict, strings.ReplaceAll(r.By, "|", `\|`), r.Commit, r.Date)
	}
	return nil
}
