//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
	"golang.org/x/sys/unix"
)

// sample is what was seen at one time. Rates are since the sample before.
type sample struct {
	T           float64            `json:"t"` // seconds since the start
	Descriptors map[string]int     `json:"fd"`
	TCP         map[string]int     `json:"tcp"`
	Goroutines  int                `json:"goroutines"`
	HeapLive    uint64             `json:"heapLive"` // after the last collection
	HeapObjects uint64             `json:"heap"`     // now
	RSS         uint64             `json:"rss"`
	GCs         uint64             `json:"gcs"`
	Pool        resourcepool.Stats `json:"pool"`
	Gets        quantiles          `json:"get"`
	Dials       quantiles          `json:"dial"`
	Requests    quantiles          `json:"request"`
	Reuse       float64            `json:"reuse"`       // part of the Gets
	GetRate     float64            `json:"getRate"`     // a second, as are those below
	RequestRate float64            `json:"requestRate"` // answered rightly
	BrokenRate  float64            `json:"brokenRate"`  // failed
	DialRate    float64            `json:"dialRate"`
	DialErrors  float64            `json:"dialErrorRate"`
	Strikes     uint64             `json:"strikes"` // of all faults, since the start
}

// record is a line of the samples file: one of its fields is set.
type record struct {
	Run     *runInfo       `json:"run,omitempty"`
	Window  *windowInfo    `json:"window,omitempty"`
	Sample  *sample        `json:"sample,omitempty"`
	Failure *failureInfo   `json:"failure,omitempty"`
	Verdict *verdictReport `json:"verdict,omitempty"`
}

type runInfo struct {
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

type windowInfo struct {
	T         float64   `json:"t"`
	Until     float64   `json:"until"` // the faults stop striking
	Selection selection `json:"selection"`
	Faults    []string  `json:"faults"`
}

type failureInfo struct {
	Check string `json:"check"`
	finding
}

const samplesFile = "samples.jsonl"

// recorder writes records as they come, unbuffered, so that all of them are
// in the file when the process is killed. A nil recorder writes nothing.
type recorder struct {
	file *os.File
	fail error
}

func newRecorder(dir string) (*recorder, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("-report %s: %w", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, samplesFile), os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("-report %s: %w", dir, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("-report %s: another run writes to %s: %w", dir, samplesFile, os.NewSyscallError("flock", err))
	}
	if err := f.Truncate(0); err != nil && !errors.Is(err, unix.EINVAL) { // what is no file, such as a pipe, has nothing to cut
		return nil, fmt.Errorf("-report %s: %w", dir, err)
	}
	return &recorder{file: f}, nil
}

// write is called by one goroutine at a time. After an error it writes no
// more: the soak goes on, and says so at the end.
func (r *recorder) write(line record) error {
	if r == nil || r.fail != nil {
		return nil
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = r.file.Write(append(text, '\n'))
	}
	if err != nil {
		r.fail = fmt.Errorf("writing the report: %w", err)
	}
	return r.fail
}

// sampler takes samples. Only its run uses it.
type sampler struct {
	proc    *procFS
	load    *load
	tcp     *tcpWatch
	metrics []metrics.Sample

	before     counts
	beforePool resourcepool.Stats
	beforeAt   time.Duration
}

const (
	metricLive    = "/gc/heap/live:bytes"
	metricObjects = "/memory/classes/heap/objects:bytes"
	metricGCs     = "/gc/cycles/total:gc-cycles"
)

func newSampler(p *procFS, l *load, tcp *tcpWatch) *sampler {
	s := &sampler{proc: p, load: l, tcp: tcp, metrics: make([]metrics.Sample, 3)}
	for i, name := range []string{metricLive, metricObjects, metricGCs} {
		s.metrics[i].Name = name
	}
	return s
}

func (s *sampler) take() (*sample, error) {
	m := &sample{Goroutines: runtime.NumGoroutine(), Strikes: s.load.strikesInAll()}
	d, err := s.proc.descriptors()
	if err != nil {
		return nil, err
	}
	m.Descriptors = d.byKind
	m.TCP = s.tcp.latest()
	metrics.Read(s.metrics)
	m.HeapLive, m.HeapObjects, m.GCs = s.metrics[0].Value.Uint64(), s.metrics[1].Value.Uint64(), s.metrics[2].Value.Uint64()
	if m.RSS, err = s.proc.residentBytes(); err != nil {
		return nil, err
	}
	// The counts and their time are taken together, as rates come of them.
	at := time.Since(s.load.started)
	m.T = at.Seconds()
	m.Pool = s.load.pool.Stats()
	m.Gets, m.Dials, m.Requests = s.load.gets.lap(), s.load.dials.lap(), s.load.requests.lap()
	s.rates(m, at)
	return m, nil
}

// rates fills in what is relative to the sample before.
func (s *sampler) rates(m *sample, at time.Duration) {
	now := s.load.tally.snapshot()
	seconds := (at - s.beforeAt).Seconds()
	rate := func(now, before uint64) float64 {
		if seconds <= 0 {
			return 0
		}
		return float64(now-before) / seconds
	}
	m.GetRate = rate(now[countGets], s.before[countGets])
	m.RequestRate = rate(now[countRequests], s.before[countRequests])
	m.BrokenRate = rate(now[countBroken]+now[countUnexpected], s.before[countBroken]+s.before[countUnexpected])
	m.DialRate = rate(m.Pool.Allocations, s.beforePool.Allocations)
	m.DialErrors = rate(m.Pool.AllocationErrors, s.beforePool.AllocationErrors)
	if gets := now[countGets] - s.before[countGets]; gets > 0 {
		m.Reuse = float64(now[countReused]-s.before[countReused]) / float64(gets)
	}
	s.before, s.beforePool, s.beforeAt = now, m.Pool, at
}
