package testkit

import (
	"os"
	"testing"
	"time"
)

// Eventually polls until cond is true.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}

// WantErr compares errors by ==, as the contract has it.
func WantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// WantPanic calls f, which must panic with text.
func WantPanic(t *testing.T, text string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != text {
			t.Fatalf("panicked with %v, want %q", got, text)
		}
	}()
	f()
}

// StressTime is how long a stress test runs: SLOTPOOL_STRESS, else short.
func StressTime(t *testing.T) time.Duration {
	t.Helper()
	if s := os.Getenv("SLOTPOOL_STRESS"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatalf("SLOTPOOL_STRESS=%q: %v", s, err)
		}
		return d
	}
	if testing.Short() {
		return 200 * time.Millisecond
	}
	return time.Second
}
