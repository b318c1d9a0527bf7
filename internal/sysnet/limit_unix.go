//go:build unix

package sysnet

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Infinity is what FDLimit returns for "no limit".
const Infinity = ^uint64(0)

// FDLimit returns the soft RLIMIT_NOFILE: the largest number of descriptors
// this process may have open. It wraps getrlimit(2).
func FDLimit() (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, os.NewSyscallError("getrlimit", err)
	}
	if uint64(limit.Cur) >= uint64(unix.RLIM_INFINITY)&^(1<<63) {
		return Infinity, nil
	}
	return uint64(limit.Cur), nil
}

// SetFDLimit sets the soft RLIMIT_NOFILE, for programs that want to see what
// happens at a lower one. It wraps setrlimit(2).
func SetFDLimit(n uint64) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	assign(&limit.Cur, n)
	return os.NewSyscallError("setrlimit", unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
}

// assign is for the systems that count descriptors with a sign.
func assign[T int64 | uint64](to *T, n uint64) { *to = T(n) }

// OpenFDs returns how many descriptors this process has open. It asks
// /proc/self/fd (proc(5)) or its like. A Linux before 6.2 and the other systems
// tell only whoever opens that; then OpenFDs fails if there is no descriptor
// left to look with, and does not count the one it takes.
func OpenFDs() (int, error) {
	if n := countFDs(); n > 0 {
		return n, nil
	}
	return listFDs()
}

func listFDs() (int, error) {
	dir := "/dev/fd"
	if runtime.GOOS == "linux" {
		dir = "/proc/self/fd"
	}
	f, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return 0, err
	}
	return len(names) - 1, nil
}
