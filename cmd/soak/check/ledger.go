//go:build linux

// Package check is what must hold in a soak: the names of the checks, the ledger
// of those that failed, and the test for growth. Those who look, each at what
// it sees, are in packages load and run.
package check

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
	{Slots, "in use + idle + releasing never exceeds max"},
	{LeakFD, "no descriptor beyond the pool's slots while running; none left at the end, kind by kind"},
	{LeakGoroutine, "no goroutine left at the end"},
	{DoubleHandout, "no connection with two holders"},
	{ForeignAnswer, "no answer meant for another, none corrupt, no connection to another address"},
	{StaleReuse, "no connection handed out that was dead before its Get began"},
	{LostWakeup, "every wait ends"},
	{CloseOnce, "every dialled connection is closed once, none twice"},
	{Errors, "errors and panics come back as they were raised, cancellation only to who asked for it"},
	{Accounts, "the pool's totals are those that its users counted"},
	{SlotsUsable, "at the end all slots can be used at once, and not one more"},
	{Empty, "all released: nothing in use, idle, releasing or waiting, no TCP connection"},
	{CloseWait, "no parked connection stays in CLOSE_WAIT for more than a second"},
	{IdleDescriptor, "no Get fails for want of a descriptor while a connection is idle"},
	{HealthyHosts, "hosts that are well have a p99 beside dead ones of at most 150 ms, or three times that without a fault"},
	{Ages, "no parked connection of a Pool is too long idle or too old"},
	{Inbound, "who calls from outside is answered rightly, in as many slots as are for that, and each connection is closed"},
	{TrendFD, "descriptors do not grow"},
	{TrendGoroutines, "goroutines do not grow"},
	{TrendHeap, "the live heap does not grow"},
}

const (
	Slots           = "slots"
	LeakFD          = "leak-fd"
	LeakGoroutine   = "leak-goroutine"
	DoubleHandout   = "double-handout"
	ForeignAnswer   = "foreign-answer"
	StaleReuse      = "stale-reuse"
	LostWakeup      = "lost-wakeup"
	CloseOnce       = "close-once"
	Errors          = "errors"
	Accounts        = "accounts"
	SlotsUsable     = "slots-usable"
	Empty           = "empty"
	CloseWait       = "close-wait"
	IdleDescriptor  = "idle-descriptor"
	HealthyHosts    = "healthy-hosts"
	Ages            = "ages"
	Inbound         = "inbound"
	TrendFD         = "trend-fd"
	TrendGoroutines = "trend-goroutines"
	TrendHeap       = "trend-heap"
)

// Finding is the failure of one check: how often, and the first occasion.
type Finding struct {
	Count uint64  `json:"count"`
	At    float64 `json:"at"` // seconds since the start
	First string  `json:"first"`
}

// Ledger collects failures.
type Ledger struct {
	Started  time.Time
	Injected Injection                     // switches the check of that name on
	onFirst  func(check string, f Finding) // told of the first failure of each check
	lock     sync.Mutex
	findings map[string]Finding
	details  map[string]string // of checks that held, for the verdict
	harness  error             // the soak's own trouble: nothing that the pool did
}

// NewLedger returns an empty ledger. onFirst may be nil.
func NewLedger(onFirst func(string, Finding)) *Ledger {
	return &Ledger{
		Started: time.Now(), onFirst: onFirst,
		findings: map[string]Finding{}, details: map[string]string{},
	}
}

// Fail records a failure of a check.
func (l *Ledger) Fail(check, format string, args ...any) {
	l.lock.Lock()
	f := l.findings[check]
	f.Count++
	if f.Count == 1 {
		f.At = time.Since(l.Started).Seconds()
		f.First = fmt.Sprintf(format, args...)
	}
	l.findings[check] = f
	l.lock.Unlock()
	if f.Count == 1 && l.onFirst != nil {
		l.onFirst(check, f)
	}
}

// Note keeps a figure to show with a check that held.
func (l *Ledger) Note(check, format string, args ...any) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.details[check] = fmt.Sprintf(format, args...)
}

// Trouble records that the soak could not do its own work.
func (l *Ledger) Trouble(err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if err != nil && l.harness == nil {
		l.harness = err
	}
}

// Troubled returns the first trouble.
func (l *Ledger) Troubled() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.harness
}

// Failed reports whether any check has failed.
func (l *Ledger) Failed() bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.findings) > 0
}

// Result is what came of one check.
type Result struct {
	Name   string   `json:"name"`
	Holds  string   `json:"holds"`
	Detail string   `json:"detail,omitempty"`
	Failed *Finding `json:"failed,omitempty"`
}

// Results are those of all checks, in their order.
func (l *Ledger) Results() []Result {
	l.lock.Lock()
	defer l.lock.Unlock()
	var all []Result
	for _, c := range checks {
		result := Result{Name: c.name, Holds: c.holds, Detail: l.details[c.name]}
		if f, ok := l.findings[c.name]; ok {
			result.Failed = &f
		}
		all = append(all, result)
	}
	return all
}
