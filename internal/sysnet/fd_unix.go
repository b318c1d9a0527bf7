//go:build unix

package sysnet

import (
	"os"

	"golang.org/x/sys/unix"
)

// FreeFD returns the number that the next descriptor would get, which is the
// lowest free one: so many descriptors are open at the least. It opens one and
// closes it again, by open(2), and fails with EMFILE if this process has no
// free number below its limit, and with ENFILE if the system has no file left.
func FreeFD() (uint64, error) {
	fd, err := openNothing()
	if err != nil {
		return 0, err
	}
	unix.Close(fd)
	return uint64(fd), nil
}

// HaveFDs fails as FreeFD does if there are not so many free numbers at once.
func HaveFDs(n uint) error {
	for range n {
		fd, err := openNothing()
		if err != nil {
			return err
		}
		defer unix.Close(fd)
	}
	return nil
}

func openNothing() (int, error) {
	for {
		fd, err := unix.Open("/", freeFDFlags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, os.NewSyscallError("open", err)
		}
	}
}
