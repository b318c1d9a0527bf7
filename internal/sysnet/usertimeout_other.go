//go:build !linux

package sysnet

import (
	"syscall"
	"time"
)

// SetUserTimeout does nothing: the option is Linux's.
func SetUserTimeout(syscall.RawConn, time.Duration) error { return nil }
