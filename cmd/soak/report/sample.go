//go:build linux

// Package report is what is left of a soak: the samples and the verdict, in a
// file, on the terminal and as a page.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/resourcepool"
	"golang.org/x/sys/unix"
)

// Sample is what was seen at one time. Rates are since the sample before.
type Sample struct {
	T           float64            `json:"t"` // seconds since the start
	Descriptors map[string]int     `json:"fd"`
	TCP         map[string]int     `json:"tcp"`
	Goroutines  int                `json:"goroutines"`
	HeapLive    uint64             `json:"heapLive"` // after the last collection
	HeapObjects uint64             `json:"heap"`     // now
	RSS         uint64             `json:"rss"`
	GCs         uint64             `json:"gcs"`
	Pool        resourcepool.Stats `json:"pool"`
	Gets        load.Quantiles     `json:"get"`
	Dials       load.Quantiles     `json:"dial"`
	Requests    load.Quantiles     `json:"request"`
	Reuse       float64            `json:"reuse"`       // part of the Gets
	GetRate     float64            `json:"getRate"`     // a second, as are those below
	RequestRate float64            `json:"requestRate"` // answered rightly
	BrokenRate  float64            `json:"brokenRate"`  // failed
	DialRate    float64            `json:"dialRate"`
	DialErrors  float64            `json:"dialErrorRate"`
	Strikes     uint64             `json:"strikes"` // of all faults, since the start
}

// Record is a line of the samples file: one of its fields is set.
type Record struct {
	Run     *RunInfo     `json:"run,omitempty"`
	Window  *WindowInfo  `json:"window,omitempty"`
	Sample  *Sample      `json:"sample,omitempty"`
	Failure *FailureInfo `json:"failure,omitempty"`
	Verdict *Verdict     `json:"verdict,omitempty"`
}

// RunInfo is what a run was told to do.
type RunInfo struct {
	Started   time.Time `json:"started"`
	Arguments []string  `json:"arguments"`
	Seed      uint64    `json:"seed"`
	Duration  float64   `json:"duration"` // seconds that it was to run
	WarmUp    float64   `json:"warmUp"`
	Slots     int       `json:"slots"`
	Addresses int       `json:"addresses"`
	Users     int       `json:"users"`
	Go        string    `json:"go"`
}

// WindowInfo is a window of the plan as it came.
type WindowInfo struct {
	T         float64        `json:"t"`
	Until     float64        `json:"until"` // the faults stop striking
	Selection load.Selection `json:"selection"`
	Faults    []string       `json:"faults"`
}

// FailureInfo is the first failure of a check.
type FailureInfo struct {
	Check string `json:"check"`
	check.Finding
}

// SamplesFile is the name of the file of records.
const SamplesFile = "samples.jsonl"

// Recorder writes records as they come, unbuffered, so that all of them are
// in the file when the process is killed. A nil recorder writes nothing.
type Recorder struct {
	File *os.File
	fail error
}

// NewRecorder makes dir and an empty SamplesFile in it, and locks that.
func NewRecorder(dir string) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("-report %s: %w", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, SamplesFile), os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("-report %s: %w", dir, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("-report %s: another run writes to %s: %w", dir, SamplesFile, os.NewSyscallError("flock", err))
	}
	if err := f.Truncate(0); err != nil && !errors.Is(err, unix.EINVAL) { // what is no file, such as a pipe, has nothing to cut
		return nil, fmt.Errorf("-report %s: %w", dir, err)
	}
	return &Recorder{File: f}, nil
}

// Trouble is the error that ended the writing, if one did.
func (r *Recorder) Trouble() error {
	if r == nil {
		return nil
	}
	return r.fail
}

// Write is called by one goroutine at a time. After an error it writes no
// more: the soak goes on, and says so at the end.
func (r *Recorder) Write(line Record) error {
	if r == nil || r.fail != nil {
		return nil
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = r.File.Write(append(text, '\n'))
	}
	if err != nil {
		r.fail = fmt.Errorf("writing the report: %w", err)
	}
	return r.fail
}
