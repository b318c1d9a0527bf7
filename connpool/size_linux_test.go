package connpool

import (
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

func openMany(t *testing.T, n int) (files []*os.File) {
	t.Helper()
	for range n {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		t.Cleanup(func() { f.Close() })
	}
	return files
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// slotsNow is what the global pool documents for this moment.
func slotsNow(t *testing.T, limit uint64) uint {
	t.Helper()
	st := GetResourcePool().Stats()
	return slotsFor(limit, uint64(openFDs(t)-st.Idle-st.InUse))
}

func wantSize(t *testing.T, what string, limit uint64) {
	t.Helper()
	testkit.Eventually(t, what, func() bool { return GetResourcePool().Stats().Max == slotsNow(t, limit) })
}

// TestFirstUseAtABadMomentIsNotForLife: 900 descriptors that were open for a
// moment left a pool of 51 for life.
func TestFirstUseAtABadMomentIsNotForLife(t *testing.T) {
	if !inChildWithLimit(t, 1024) {
		return
	}
	files := openMany(t, 900)
	if n := GetResourcePool().Stats().Max; n > 64 {
		t.Fatalf("%d slots with 900 files open", n)
	}
	closeAll(files)
	wantSize(t, "the pool has grown", 1024)
	if n := GetResourcePool().Stats().Max; n < 900 {
		t.Errorf("%d slots", n)
	}
}

// TestWaitersGetTheSlotsOfClosedFiles, though nobody dials meanwhile.
func TestWaitersGetTheSlotsOfClosedFiles(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	files := openMany(t, 200)
	GetResourcePool()
	var held []*Conn
	for {
		conn, err := far(t).Get(now(), testkit.Patience)
		if err == resourcepool.ErrorResourceLimitExceeded {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	const waiters = 20
	done := make(chan error)
	for range waiters {
		cr := far(t)
		go func() {
			conn, err := cr.Get(nil, testkit.Patience)
			if err == nil {
				defer conn.Put()
			}
			done <- err
		}()
	}
	testkit.Eventually(t, "all wait", func() bool { return madePool.Load().Stats().Waiting == waiters })
	closeAll(files)
	for range waiters {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, c := range held {
		c.Put()
	}
}

// TestNewDescriptorShrinksThePoolAtOnce, by its number.
func TestNewDescriptorShrinksThePoolAtOnce(t *testing.T) {
	if !inChildWithLimit(t, 512) {
		return
	}
	GetResourcePool()
	parkAll(t, 200)
	openMany(t, 200) // all numbers below are taken, so a new one tells
	mustGet(t, far(t)).Put()
	if n, want := madePool.Load().Stats().Max, slotsNow(t, 512); n > want {
		t.Errorf("%d slots right after a dial, want %d", n, want)
	}
	if free := 512 - openFDs(t); free < 32 {
		t.Errorf("%d descriptors are left, the reserve is 32", free)
	}
}

// TestLowNumbersAreNotRoom: there may be holes in them.
func TestLowNumbersAreNotRoom(t *testing.T) {
	if !inChildWithLimit(t, 512) {
		return
	}
	files := openMany(t, 300)
	before := GetResourcePool().Stats().Max
	closeAll(files[:100]) // and the others stay
	const dials = 50
	parkAll(t, dials)
	if n := madePool.Load().Stats().Max; n > slotsNow(t, 512) {
		t.Errorf("%d slots after %d dials, which were %d", n, dials, before)
	}
	wantSize(t, "the pool has the room of what was closed", 512)
}

// TestLimitThatChangesIsNoticed, up and down.
func TestLimitThatChangesIsNoticed(t *testing.T) {
	if !inChildWithLimit(t, 128) {
		return
	}
	parkAll(t, GetResourcePool().Stats().Max)
	for _, limit := range []uint64{512, 64, 300} {
		setLimit(t, limit)
		mustGet(t, far(t)).Put()
		wantSize(t, "the pool has the size for limit "+strconv.FormatUint(limit, 10), limit)
		parkAll(t, GetResourcePool().Stats().Max)
	}
}

// TestExplicitSetMaxIsNotExceeded, whatever the limit becomes.
func TestExplicitSetMaxIsNotExceeded(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	GetResourcePool().SetMax(20)
	for _, limit := range []uint64{512, 300} {
		setLimit(t, limit)
		parkAll(t, 30)
		if n := GetResourcePool().Stats().Max; n != 20 {
			t.Errorf("%d slots under limit %d, want the 20 that were asked for", n, limit)
		}
	}
	setLimit(t, 32)
	parkAll(t, 1)
	wantSize(t, "the pool has the size for the limit, which is less", 32)
}

// TestSizeCountsWhatOtherPackagesHoldInItsSlots as the pool's own.
func TestSizeCountsWhatOtherPackagesHoldInItsSlots(t *testing.T) {
	if !inChildWithLimit(t, 256) {
		return
	}
	p := GetResourcePool()
	before := p.Stats().Max
	for range before / 2 {
		r := p.Create(&file{})
		if err := r.Get(now()); err != nil {
			t.Fatal(err)
		}
		defer r.Release()
	}
	wantSize(t, "the pool keeps its size", 256)
	if n := GetResourcePool().Stats().Max; n+4 < before {
		t.Errorf("%d slots, which were %d before others took half", n, before)
	}
}

// file is an AllocateReleaser of another package.
type file struct{ f *os.File }

func (f *file) Allocate() (err error) {
	f.f, err = os.Open(os.DevNull)
	return err
}

func (f *file) Release() error { return f.f.Close() }

// TestSizeOfAMomentIsForLife: a descriptor that was open when the pool was made, and not when
// the sizer counted first, took a slot until something else changed.
func TestSizeOfAMomentIsForLife(t *testing.T) {
	for _, off := range []int{-1, 1} {
		pool := resourcepool.New(uint(int(systemSlots())+off), "")
		s := &sizer{gate: newGate(), every: theSizer.every}
		s.follow(pool)
		s.look(nil)
		if got, want := pool.Stats().Max, slotsFor(s.limit, s.others); got != want {
			t.Errorf("%d slots, want %d", got, want)
		}
	}
}

// TestDescriptorsAreCountedMoreThanOnceASecond: a count of thousands takes milliseconds, so
// neither dials, nor waits for a slot, nor a limit that changes may have them counted each
// time. Nor may it be less, or the pool would not grow again.
func TestDescriptorsAreCountedMoreThanOnceASecond(t *testing.T) {
	files := openMany(t, 50)
	synctest.Test(t, func(t *testing.T) {
		s := &sizer{gate: newGate(), every: theSizer.every}
		s.follow(resourcepool.New(systemSlots(), ""))
		closeAll(files[:25]) // so that new numbers are lower than what is open
		last := s.counted
		for name, look := range map[string]func(){
			"a descriptor": func() { s.look(&file{}) },
			"a waiter":     func() { s.look(nil) },
			"the limit":    func() { s.limit--; s.look(nil) },
		} {
			counts := 0
			for range 1000 { // in 10 s
				time.Sleep(time.Second / 100) // on synctest's clock
				look()
				if s.counted == last {
					continue
				}
				if since := s.counted.Sub(last); since < time.Second {
					t.Fatalf("%s: a count %v after the last", name, since)
				}
				counts++
				last = s.counted
			}
			if counts < 9 || counts > 10 {
				t.Errorf("%s: %d counts in 10 s", name, counts)
			}
		}
	})
}
