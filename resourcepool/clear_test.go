package resourcepool

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// blocked is a pool of so many slots with an idle resource whose Release takes 5 s.
func blocked(t *testing.T, slots uint) (p *Pool, victim *Resource, f *thing) {
	t.Helper()
	p = New(slots, "")
	f = &thing{release: func() error { time.Sleep(5 * time.Second); return nil }}
	victim = p.Create(f)
	mustGet(t, victim)
	victim.Put()
	return p, victim, f
}

func getFor(p *Pool, patience time.Duration) *call {
	return start(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return p.Create(&thing{}).GetContext(ctx)
	})
}

func TestStrangersReleaseDoesNotHoldAGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, victim, f := blocked(t, 1)
		x := getFor(p, 200*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		wantWaitError(t, x.result(t), ErrorResourceLimitExceeded, context.DeadlineExceeded)
		if x.took != 200*time.Millisecond {
			t.Fatalf("took %v", x.took)
		}
		next := getFor(p, time.Minute)
		next.wantWaiting(t)
		time.Sleep(5 * time.Second)
		next.wantDone(t, nil)
		f.check(t)
		wantUsage(t, p, 1, 0, 0)
		testkit.WantErr(t, "Release", victim.Release(), nil)
		if st := p.Stats(); st.Evictions != 1 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestOldGetIsHeldByAReleaseNoLongerThanItsCancelerSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, _ := blocked(t, 1)
		x := startGet(p.Create(&thing{}))
		x.wantWaiting(t)
		close(x.cancel)
		x.wantDone(t, ErrorResourceLimitExceeded)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		wantUsage(t, p, 0, 0, 0)
	})
}

// The slot is coming free, so an immediate Get is not refused (I8).
func TestImmediateGetWaitsForReleasesThatHaveBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, _ := blocked(t, 1)
		x := startImmediateGet(p.Create(&thing{})) // begins the Release itself
		x.wantWaiting(t)
		time.Sleep(5 * time.Second)
		x.wantDone(t, nil)
	})
	synctest.Test(t, func(t *testing.T) {
		p, _, _ := blocked(t, 1)
		getFor(p, time.Second) // begins it, and gives up
		time.Sleep(2 * time.Second)
		x := startImmediateGet(p.Create(&thing{}))
		y := startImmediateGet(p.Create(&thing{})) // there is one slot only
		x.wantWaiting(t)
		time.Sleep(3 * time.Second)
		x.wantDone(t, nil)
		y.wantDone(t, ErrorResourceLimitExceeded)
		wantUsage(t, p, 1, 0, 0)
	})
}

// It waits for those that had begun when it came, not for each that begins.
func TestImmediateGetDoesNotWaitForLaterReleases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(2, "")
		ends := []chan struct{}{make(chan struct{}), make(chan struct{})}
		n := 0
		all := parked(t, p, 2, func() *thing {
			end := ends[n]
			n++
			return &thing{release: func() error { <-end; return nil }}
		})
		first := startGet(p.Create(&thing{})) // evicts one
		close(first.cancel)
		first.wantDone(t, ErrorResourceLimitExceeded)
		i := 0
		if phaseOf(all[0].r.state.W.Load()) == phaseIdle {
			i = 1
		}
		mustGet(t, all[1-i])
		x := startImmediateGet(p.Create(&thing{}))
		x.wantWaiting(t)
		older := startGet(p.Create(&thing{}))
		older.wantWaiting(t)
		all[1-i].Put() // the slot goes to x, which begins that Release
		x.wantWaiting(t)
		close(ends[1-i])
		x.wantDone(t, nil)
		close(ends[i])
		older.wantDone(t, nil)
		wantUsage(t, p, 2, 0, 0)
	})
}

func TestVictimIsGottenAfterItsAbandonedRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, victim, f := blocked(t, 1)
		getFor(p, time.Second)
		time.Sleep(2 * time.Second)
		x := startImmediateGet(victim) // trying: nobody uses it
		x.wantWaiting(t)
		time.Sleep(3 * time.Second)
		x.wantDone(t, nil)
		f.check(t)
		wantUsage(t, p, 1, 0, 0)
	})
}

func TestPanicInADetachedReleaseIsTheGets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		parked(t, p, 1, func() *thing { return &thing{release: func() error { panic("fake panic") }} })
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		testkit.WantPanic(t, "fake panic", func() { p.Create(&thing{}).GetContext(ctx) })
		wantUsage(t, p, 0, 0, 0)
		hold(t, p)
	})
}

// logged collects what is logged until the end of the test.
func logged(t *testing.T) *logCount {
	before, l := slog.Default(), &logCount{}
	slog.SetDefault(slog.New(l))
	t.Cleanup(func() { slog.SetDefault(before) })
	return l
}

type logCount struct {
	slog.Handler
	records []slog.Record
}

func (l *logCount) Enabled(context.Context, slog.Level) bool { return true }
func (l *logCount) Handle(_ context.Context, r slog.Record) error {
	l.records = append(l.records, r)
	return nil
}

func TestPanicInAnAbandonedReleaseIsLogged(t *testing.T) {
	log := logged(t)
	synctest.Test(t, func(t *testing.T) {
		p := New(1, "")
		parked(t, p, 1, func() *thing {
			return &thing{release: func() error { time.Sleep(time.Second); panic("fake panic") }}
		})
		getFor(p, time.Millisecond)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		wantUsage(t, p, 0, 0, 0)
		if len(log.records) != 1 || len(p.p.orphans.going) != 0 {
			t.Fatalf("%d records, %d orphans", len(log.records), len(p.p.orphans.going))
		}
	})
}

// promptThing says that its Release never blocks.
type promptThing struct{ thing }

func (*promptThing) ReleaseNeverBlocks() bool { return true }

func TestReleaseThatNeverBlocksIsOnTheCallersGoroutine(t *testing.T) {
	p := New(1, "")
	inGet := false // the race detector tells if it is read elsewhere
	f := &promptThing{}
	f.release = func() error {
		if !inGet {
			t.Error("not on the goroutine of the Get")
		}
		return nil
	}
	r := p.Create(f)
	mustGet(t, r)
	r.Put()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	inGet = true
	testkit.WantErr(t, "GetContext", p.Create(&thing{}).GetContext(ctx), nil)
	if f.releases.Load() != 1 {
		t.Fatal("not evicted")
	}
}
