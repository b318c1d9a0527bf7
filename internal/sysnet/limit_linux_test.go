package sysnet

import (
	"math"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFDLimitIsWhatWasSet(t *testing.T) {
	var original unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &original); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &original); err != nil {
			t.Error(err)
		}
	})
	for _, soft := range []uint64{0, 100, 512, original.Max} {
		limit := unix.Rlimit{Cur: min(soft, original.Max), Max: original.Max}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		want := limit.Cur
		if want >= math.MaxInt64 {
			want = Infinity
		}
		if got, err := FDLimit(); err != nil || got != want {
			t.Errorf("FDLimit is %d, %v; want %d", got, err, want)
		}
	}
}

func TestOpenFDsCountsFiles(t *testing.T) {
	count := func() int {
		t.Helper()
		n, err := OpenFDs()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	if n := len(descriptors()); n != before {
		t.Fatalf("OpenFDs is %d, want %d", before, n)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := count(); n != before+1 {
		t.Fatalf("OpenFDs is %d with one file more than when it was %d", n, before)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != before {
		t.Fatalf("OpenFDs is %d, and was %d before a file was opened and closed", n, before)
	}
}

// TestOpenFDsWithNoneLeft has no descriptor to count with.
func TestOpenFDsWithNoneLeft(t *testing.T) {
	var original unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &original); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: original.Max}); err != nil {
		t.Fatal(err)
	}
	n, err := OpenFDs()
	if e := unix.Setrlimit(unix.RLIMIT_NOFILE, &original); e != nil {
		t.Fatal(e)
	}
	if err == nil {
		t.Fatalf("OpenFDs is %d with no descriptor to be had", n)
	}
}
