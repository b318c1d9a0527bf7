package sysnet

import (
	"math"
	"os"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"

	"golang.org/x/sys/unix"
)

// restoreLimit sets RLIMIT_NOFILE as it is now when the test has ended.
func restoreLimit(t *testing.T) (now unix.Rlimit) {
	t.Helper()
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
			t.Error(err)
		}
	})
	return now
}

func TestFDLimitIsWhatWasSet(t *testing.T) {
	original := restoreLimit(t)
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

func TestSetFDLimit(t *testing.T) {
	original := restoreLimit(t)
	want := unix.Rlimit{Cur: min(100, original.Max), Max: original.Max}
	if err := SetFDLimit(want.Cur); err != nil {
		t.Fatal(err)
	}
	var got unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &got); err != nil || got != want {
		t.Errorf("the limit is %+v, %v; want %+v", got, err, want)
	}
	if original.Max == unix.RLIM_INFINITY {
		return
	}
	err := SetFDLimit(original.Max + 1)
	if want := "setrlimit: invalid argument"; err == nil || err.Error() != want {
		t.Errorf("a soft limit over the hard one: %v, want %s", err, want)
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
	if n := len(testkit.Descriptors()); n != before {
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

// TestOpenFDsWithNoneLeft has no descriptor to count with, and needs one only
// where stat(2) does not tell.
func TestOpenFDsWithNoneLeft(t *testing.T) {
	restoreLimit(t)
	before, err := OpenFDs()
	if err != nil {
		t.Fatal(err)
	}
	if err := SetFDLimit(3); err != nil {
		t.Fatal(err)
	}
	if n, err := listFDs(); err == nil {
		t.Fatalf("listFDs is %d with no descriptor to be had", n)
	}
	if countFDs() == 0 {
		t.Skip("this kernel is older than 6.2")
	}
	if n, err := OpenFDs(); n != before || err != nil {
		t.Fatalf("OpenFDs is %d, %v with no descriptor to be had, and was %d", n, err, before)
	}
}

// TestBothCountsAgree has files at numbers that are not adjacent.
func TestBothCountsAgree(t *testing.T) {
	for i := range 300 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			f.Close()
		} else {
			defer f.Close()
		}
	}
	if countFDs() == 0 {
		t.Skip("this kernel is older than 6.2")
	}
	if listed, err := listFDs(); err != nil || listed != countFDs() {
		t.Fatalf("%d listed, %v; %d counted", listed, err, countFDs())
	}
}
