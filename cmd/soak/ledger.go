//go:build linux

package main

import (
	"fmt"
	"sync"
	"time"
)

// A check is something that must hold. Its name is what a failure is called.
type check struct{ name, holds string }

// The checks. Those of which a broken use of the pool can be injected are
// named after that.
var checks = []check{
	{checkSlots, "in use + idle + releasing never exceeds max"},
	{checkLeakFD, "no descriptor beyond the pool's slots while running; none left at the end, kind by kind"},
	{checkLeakGoroutine, "no goroutine left at the end"},
	{checkDoubleHandout, "no connection with two holders"},
	{checkForeign, "no answer meant for another, none corrupt, no connection to another address"},
	{checkStale, "no connection handed out that was dead before its Get began"},
	{checkLostWakeup, "every wait ends"},
	{checkCloseOnce, "every dialled connection is closed once, none twice"},
	{checkErrors, "errors and panics come back as they were raised, cancellation only to who asked for it"},
	{checkAccounts, "the pool's totals are those that its users counted"},
	{checkSlotsUsable, "at the end all slots can be used at once, and not one more"},
	{checkEmpty, "all released: nothing in use, idle, releasing or waiting, no TCP connection"},
	{checkTrendFD, "descriptors do not grow"},
	{checkTrendGoroutines, "goroutines do not grow"},
	{checkTrendHeap, "the live heap does not grow"},
}

const (
	checkSlots           = "slots"
	checkLeakFD          = "leak-fd"
	checkLeakGoroutine   = "leak-goroutine"
	checkDoubleHandout   = "double-handout"
	checkForeign         = "foreign-answer"
	checkStale           = "stale-reuse"
	checkLostWakeup      = "lost-wakeup"
	checkCloseOnce       = "close-once"
	checkErrors          = "errors"
	checkAccounts        = "accounts"
	checkSlotsUsable     = "slots-usable"
	checkEmpty           = "empty"
	checkTrendFD         = "trend-fd"
	checkTrendGoroutines = "trend-goroutines"
	checkTrendHeap       = "trend-heap"
)

// finding is the failure of one check: how often, and the first occasion.
type finding struct {
	Count uint64  `json:"count"`
	At    float64 `json:"at"` // seconds since the start
	First string  `json:"first"`
}

// ledger collects failures.
type ledger struct {
	started  time.Time
	onFirst  func(check string, f finding) // told of the first failure of each check
	lock     sync.Mutex
	findings map[string]finding
	details  map[string]string // of checks that held, for the verdict
	harness  error             // the soak's own trouble: nothing that the pool did
}

func newLedger(onFirst func(string, finding)) *ledger {
	return &ledger{
		started: time.Now(), onFirst: onFirst,
		findings: map[string]finding{}, details: map[string]string{},
	}
}

func (l *ledger) fail(check, format string, args ...any) {
	l.lock.Lock()
	f := l.findings[check]
	f.Count++
	if f.Count == 1 {
		f.At = time.Since(l.started).Seconds()
		f.First = fmt.Sprintf(format, args...)
	}
	l.findings[check] = f
	l.lock.Unlock()
	if f.Count == 1 && l.onFirst != nil {
		l.onFirst(check, f)
	}
}

// note keeps a figure to show with a check that held.
func (l *ledger) note(check, format string, args ...any) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.details[check] = fmt.Sprintf(format, args...)
}

// trouble records that the soak could not do its own work.
func (l *ledger) trouble(err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if err != nil && l.harness == nil {
		l.harness = err
	}
}

func (l *ledger) troubled() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.harness
}

func (l *ledger) failed() bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.findings) > 0
}
