//go:build linux

package main

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// baseline is the process before the first Get.
type baseline struct {
	descriptors map[string]int
	goroutines  int
}

func (p *procFS) baseline() (baseline, error) {
	d, err := p.descriptors()
	return baseline{d.byKind, runtime.NumGoroutine()}, err
}

// settle is how long something that ends by itself, such as a goroutine that
// has been told to, may take.
const settle = 5 * time.Second

// until polls until ok, and reports whether it came to that within settle.
func until(ok func() bool) bool {
	for deadline := time.Now().Add(settle); ; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// quiesce checks what must be exact once all users are gone and no fault is
// on: that each slot can be used, and that nothing stays when all is released.
func (r *soak) quiesce() {
	r.checkAllSlots()
	for _, s := range r.sites() {
		s.resource.ScheduleClose()
	}
	r.checkPoolEmpty()
	r.checkTotals()
	r.checkBaseline()
}

// checkAllSlots takes a connection for each slot, all at once and without
// waiting, and one more, which must be refused.
func (r *soak) checkAllSlots() {
	slots := r.config.slots
	var held []*connpool.Conn
	defer func() {
		for _, c := range held {
			c.Put()
		}
	}()
	for _, s := range r.load.sites[:slots] {
		conn, err := r.getNow(s)
		if err == resourcepool.ErrorResourceLimitExceeded || err == resourcepool.ErrorPutTimeout {
			r.ledger.fail(checkSlotsUsable, "after %d of %d slots were taken, a Get of %v said %q", len(held), slots, s, err)
			return
		}
		if err != nil {
			r.ledger.trouble(fmt.Errorf("at the end, with no fault on, %v: %w", s, err))
			return
		}
		held = append(held, conn)
	}
	conn, err := r.getNow(r.load.sites[slots])
	if err != resourcepool.ErrorResourceLimitExceeded {
		r.ledger.fail(checkSlotsUsable, "with all %d slots in use, a Get of one more returned the error %v", slots, err)
	}
	if err == nil {
		conn.Close()
	}
	r.ledger.note(checkSlotsUsable, "%d were, and a Get of one more was refused", slots)
}

// getNow gets without waiting for others. Dials that fail are tried again, as
// the machine may be busy.
func (r *soak) getNow(s *site) (conn *connpool.Conn, err error) {
	for range 5 {
		d := &dialer{load: r.load, site: s}
		conn, err = s.resource.GetWithDialer(resourcepool.MakeImmediateCanceler(), d)
		if err == nil {
			r.load.tally.add(countGets)
			return conn, nil
		}
		if err == resourcepool.ErrorResourceLimitExceeded || err == resourcepool.ErrorPutTimeout {
			r.load.tally.add(countCancelled)
			return nil, err
		}
		if err != d.failure {
			return nil, err
		}
	}
	return nil, err
}

func (r *soak) checkPoolEmpty() {
	s := r.load.pool.Stats()
	if s.InUse+s.Idle+s.Releasing+s.Waiting != 0 {
		r.ledger.fail(checkEmpty, "%d in use, %d idle, %d releasing, %d waiting", s.InUse, s.Idle, s.Releasing, s.Waiting)
	}
	d, err := r.proc.descriptors()
	r.ledger.trouble(err)
	states, err := r.proc.sockets(d.inodes, nil)
	r.ledger.trouble(err)
	if len(states) > 0 {
		r.ledger.fail(checkEmpty, "TCP connections of this process: %s", listCounts(states))
	}
}

func (r *soak) checkTotals() {
	c, s := r.load.tally.snapshot(), r.load.pool.Stats()
	r.ledger.note(checkStale, "%d that users saw dead beforehand were replaced", c[countSeenDead])
	if s.Gets != c[countGets] {
		r.ledger.fail(checkAccounts, "the pool counted %d Gets, its users %d", s.Gets, c[countGets])
	}
	if s.Gets != s.Reuses+s.Allocations {
		r.ledger.fail(checkAccounts, "%d Gets, but %d reuses and %d allocations", s.Gets, s.Reuses, s.Allocations)
	}
	if s.CancelledWaits != c[countCancelled] {
		r.ledger.fail(checkAccounts, "the pool counted %d cancelled waits, its users %d", s.CancelledWaits, c[countCancelled])
	}
	r.ledger.note(checkAccounts, "%d Gets and %d cancelled waits by both counts", s.Gets, s.CancelledWaits)
	if c[countOpened] != c[countClosed] {
		r.ledger.fail(checkCloseOnce, "of %d connections %d were closed", c[countOpened], c[countClosed])
	}
	r.ledger.note(checkCloseOnce, "%d opened, %d closed", c[countOpened], c[countClosed])
}

// checkBaseline compares the process with what it was before the first Get:
// exactly. Descriptors come first, before a garbage collection could close
// some that were forgotten.
func (r *soak) checkBaseline() {
	d, err := r.proc.descriptors()
	r.ledger.trouble(err)
	now, before := listCounts(d.byKind), listCounts(r.baseline.descriptors)
	if now != before {
		r.ledger.fail(checkLeakFD, "at the end: %s; before the first Get: %s", now, before)
	}
	r.ledger.note(checkLeakFD, "at the end as before the first Get: %s", now)
	if !until(func() bool { return runtime.NumGoroutine() == r.baseline.goroutines }) {
		r.ledger.fail(checkLeakGoroutine, "%d at the end, %d before the first Get; all goroutines:\n%s",
			runtime.NumGoroutine(), r.baseline.goroutines, goroutineProfile())
	}
	r.ledger.note(checkLeakGoroutine, "%d at the end as before the first Get", r.baseline.goroutines)
}

// goroutineProfile names the goroutines by their stacks, equal ones counted.
func goroutineProfile() string {
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // a Buffer takes all
	const enough = 4000
	return string(b.Bytes()[:min(b.Len(), enough)])
}

func listCounts(of map[string]int) string {
	var parts []string
	for name, n := range of {
		parts = append(parts, fmt.Sprintf("%d %s", n, name))
	}
	sort.Strings(parts)
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// checkTrends judges growth. A trend fails only if it is certain, and if it
// comes to more than a floor: a few descriptors or goroutines more in the
// later faults than in the earlier ones are no leak.
func (r *soak) checkTrends() {
	for _, c := range []struct {
		check, unit string
		of          *series
		scale       float64
		floor       float64
		part        float64 // of the mean, as another floor
	}{
		{checkTrendFD, "descriptors", &r.trends.descriptors, 1, 3, 0.05},
		{checkTrendGoroutines, "goroutines", &r.trends.goroutines, 1, 5, 0.05},
		{checkTrendHeap, "MiB", &r.trends.heap, 1 << 20, 2 << 20, 0.15},
	} {
		t := trendOf(c.of.points())
		text := t.describe(c.unit, c.scale)
		if t.grows(max(c.floor, c.part*t.Mean)) {
			r.ledger.fail(c.check, "%s", text)
		}
		r.ledger.note(c.check, "%s", text)
	}
}
