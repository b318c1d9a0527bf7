//go:build unix && !linux

package sysnet

import "golang.org/x/sys/unix"

const freeFDFlags = unix.O_RDONLY

func countFDs() int { return 0 } // not told without opening one
