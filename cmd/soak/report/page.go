//go:build linux

package report

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed page.html
var pageTemplate string

//go:embed page.js
var pageScript string

//go:embed uplot/uPlot.iife.min.js
var uPlotScript string

//go:embed uplot/uPlot.min.css
var uPlotStyle string

// PageFile is the name of the page.
const PageFile = "index.html"

// History is what the samples file tells.
type History struct {
	Run      *RunInfo
	Windows  []WindowInfo
	Samples  []*Sample
	Failures []FailureInfo
	Verdict  *Verdict // nil if the run was killed
	Torn     bool     // the last line was not written to its end
}

// Remake makes the page from the samples in dir and returns its path.
func Remake(dir string) (string, error) {
	f, err := os.Open(filepath.Join(dir, SamplesFile))
	if err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	defer f.Close()
	h, err := ReadHistory(f)
	if err != nil {
		return "", fmt.Errorf("report: %s: %w", f.Name(), err)
	}
	page, err := renderPage(h)
	if err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	path := filepath.Join(dir, PageFile)
	if err := os.WriteFile(path, page, 0o666); err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	return path, nil
}

// ReadHistory reads all records. The last line may be torn, as it is when the
// disk was full or the machine went down; no other may.
func ReadHistory(from io.Reader) (*History, error) {
	h := &History{}
	in := bufio.NewReader(from)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			h.Torn = len(line) > 0
			break
		}
		if err != nil {
			return nil, err
		}
		if err := h.add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if h.Run == nil {
		return nil, errors.New("no line tells of a run")
	}
	return h, nil
}

func (h *History) add(line []byte) error {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return err
	}
	switch {
	case r.Run != nil:
		h.Run = r.Run
	case r.Window != nil:
		h.Windows = append(h.Windows, *r.Window)
	case r.Sample != nil:
		h.Samples = append(h.Samples, r.Sample)
	case r.Failure != nil:
		h.Failures = append(h.Failures, *r.Failure)
	case r.Verdict != nil:
		h.Verdict = r.Verdict
	default:
		return fmt.Errorf("unknown record %.80q", line)
	}
	return nil
}

// pageData is what the template shows. Scripts and styles are the program's
// own, the JSON is escaped for a script element by encoding/json.
type pageData struct {
	*History
	Title   string
	Started string
	Style   template.CSS
	UPlot   template.JS
	Script  template.JS
	Data    template.JS
}

func renderPage(h *History) ([]byte, error) {
	data, err := json.Marshal(chartData(h))
	if err != nil {
		return nil, err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"join": strings.Join,
		"clock": func(seconds float64) string {
			return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
		},
	}).Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	title := "soak: no verdict, the run was killed or still goes on"
	if h.Verdict != nil {
		title = "soak: " + strings.ToLower(strings.TrimPrefix(h.Verdict.summary(), "VERDICT: "))
	}
	var page bytes.Buffer
	err = t.Execute(&page, pageData{
		History: h, Title: title, Started: h.Run.Started.Format(time.RFC1123Z),
		Style: template.CSS(uPlotStyle), UPlot: template.JS(uPlotScript),
		Script: template.JS(pageScript), Data: template.JS(data),
	})
	return page.Bytes(), err
}
