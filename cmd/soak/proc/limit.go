//go:build linux

package proc

import (
	"fmt"
	"os"
	"syscall"
)

// SetLimit sets the soft RLIMIT_NOFILE; see setrlimit(2).
func SetLimit(soft uint64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	l.Cur = soft
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("setrlimit RLIMIT_NOFILE to %d: %w", soft, err)
	}
	return nil
}

// HardLimit returns the hard RLIMIT_NOFILE; see getrlimit(2).
func HardLimit() (uint64, error) {
	var l syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
	return l.Max, os.NewSyscallError("getrlimit", err)
}

// OpenDescriptors counts those of this process.
func OpenDescriptors() (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	return len(entries) - 1, err // less the one that reads it
}
