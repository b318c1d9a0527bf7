package sysnet

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFreeFDIsTheLowest(t *testing.T) {
	want, err := FreeFD()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if uint64(fd) != want {
			t.Fatalf("FreeFD is %d, and %d was the next", want, fd)
		}
		if want, err = FreeFD(); err != nil || want <= uint64(fd) {
			t.Fatalf("FreeFD is %d, %v with %d open", want, err, fd)
		}
	}
}

// TestFreeFDAboveALoweredLimit: only a free number below the limit helps.
func TestFreeFDAboveALoweredLimit(t *testing.T) {
	restoreLimit(t)
	below, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	free, err := FreeFD()
	if err != nil {
		t.Fatal(err)
	}
	if err := SetFDLimit(free); err != nil {
		t.Fatal(err)
	}
	if n, err := FreeFD(); !errors.Is(err, unix.EMFILE) {
		t.Fatalf("FreeFD is %d, %v with the limit at the first free number, want EMFILE", n, err)
	}
	if err := HaveFDs(1); !errors.Is(err, unix.EMFILE) {
		t.Fatalf("HaveFDs(1): %v, want EMFILE", err)
	}
	unix.Close(below)
	if err := HaveFDs(1); err != nil {
		t.Fatalf("HaveFDs(1): %v with one free", err)
	}
	if err := HaveFDs(2); !errors.Is(err, unix.EMFILE) {
		t.Fatalf("HaveFDs(2): %v with one free, want EMFILE", err)
	}
	if n, err := FreeFD(); err != nil || n != uint64(below) {
		t.Fatalf("FreeFD is %d, %v; want %d, which was closed", n, err, below)
	}
}
