package sysnet

import "golang.org/x/sys/unix"

// freeFDFlags needs no right to read.
const freeFDFlags = unix.O_PATH

// countFDs returns how many descriptors this process has open by stat(2) of
// /proc/self/fd, which needs none; 0 from a kernel before 6.2, which does not
// tell.
func countFDs() int {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/fd", &st); err != nil {
		return 0
	}
	return int(st.Size)
}
