//go:build linux

package run

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/resourcepool"
)

// settle is how long something that ends by itself, such as a goroutine that
// has been told to, may take on a machine that is very busy.
func (c *Config) settle() time.Duration { return min(c.waitLimit, time.Minute) }

// until polls until ok, and reports whether it came to that within Config.settle.
func (r *soak) until(ok func() bool) bool {
	for deadline := time.Now().Add(r.config.settle()); ; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// within calls f with a context that ends after Config.settle.
func (r *soak) within(f func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), r.config.settle())
	defer cancel()
	f(ctx)
}

// quiesce checks what must be exact once all users are gone and no fault is
// on: that each slot can be used, and that nothing stays when all is released.
func (r *soak) quiesce() {
	if !r.until(func() bool { return r.load.Lookups.Open() == 0 }) {
		r.ledger.Trouble(fmt.Errorf("%d look-ups of names do not end", r.load.Lookups.Open()))
	}
	if r.inbound != nil {
		r.inbound.End(r.child)
	}
	r.within(r.load.Drain)
	done := r.injectHeld(check.InjectSlotsUsable)
	r.checkAllSlots()
	done()
	for _, s := range r.load.AllSites() {
		s.ScheduleClose()
	}
	r.within(r.load.End)
	done = r.injectHeld(check.InjectEmpty)
	r.checkPoolEmpty()
	done()
	r.checkTotals()
	r.checkBaseline()
}

// checkAllSlots takes a connection for each slot, all at once and without
// waiting, and one more, which must be refused.
func (r *soak) checkAllSlots() {
	slots := r.config.slots
	for i := range slots {
		now := r.load.NewNow(i)
		conn, err := now.Get()
		if err == resourcepool.ErrorResourceLimitExceeded || err == resourcepool.ErrorPutTimeout {
			r.ledger.Fail(check.SlotsUsable, "after %d of %d slots were taken, a Get of %v said %q", i, slots, now, err)
			return
		}
		if err != nil {
			r.ledger.Trouble(fmt.Errorf("at the end, with no fault on, %v: %w", now, err))
			return
		}
		defer conn.Close()
	}
	one := r.load.NewNow(slots)
	conn, err := one.Get()
	if err != resourcepool.ErrorResourceLimitExceeded {
		r.ledger.Fail(check.SlotsUsable, "with all %d slots in use, a Get of one more returned the error %v", slots, err)
	}
	if err == nil {
		conn.Close()
	}
	r.ledger.Note(check.SlotsUsable, "%d were, and a Get of one more was refused", slots)
}

func (r *soak) checkPoolEmpty() {
	s := r.load.Pool.Stats()
	if s.InUse+s.Idle+s.Releasing+s.Waiting != 0 {
		r.ledger.Fail(check.Empty, "%d in use, %d idle, %d releasing, %d waiting", s.InUse, s.Idle, s.Releasing, s.Waiting)
	}
	d, err := r.proc.Descriptors()
	r.ledger.Trouble(err)
	seen, err := r.proc.Sockets(d.Inodes, nil)
	r.ledger.Trouble(err)
	if len(seen.States) > 0 {
		r.ledger.Fail(check.Empty, "TCP connections of this process: %s", listCounts(seen.States))
	}
}

func (r *soak) checkTotals() {
	c := r.load.Tally.Snapshot()
	r.ledger.Note(check.StaleReuse, "%d that users saw dead beforehand were replaced", c[load.CountSeenDead])
	if c[load.CountOpened] != c[load.CountClosed] {
		r.ledger.Fail(check.CloseOnce, "of %d connections %d were closed", c[load.CountOpened], c[load.CountClosed])
	}
	r.ledger.Note(check.CloseOnce, "%d opened, %d closed", c[load.CountOpened], c[load.CountClosed])
}

// checkBaseline compares the process with what it was before the first Get:
// exactly. Descriptors come first, before a garbage collection could close
// some that were forgotten.
func (r *soak) checkBaseline() {
	d, err := r.proc.Descriptors()
	r.ledger.Trouble(err)
	now, before := listCounts(d.ByKind), listCounts(r.baseline.Descriptors)
	if now != before {
		r.ledger.Fail(check.LeakFD, "at the end: %s; before the first Get: %s", now, before)
	}
	r.ledger.Note(check.LeakFD, "at the end as before the first Get: %s", now)
	if !r.until(func() bool { return runtime.NumGoroutine() == r.baseline.Goroutines }) {
		r.ledger.Fail(check.LeakGoroutine, "%d at the end, %d before the first Get; all goroutines:\n%s",
			runtime.NumGoroutine(), r.baseline.Goroutines, goroutineProfile())
	}
	r.ledger.Note(check.LeakGoroutine, "%d at the end as before the first Get", r.baseline.Goroutines)
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
