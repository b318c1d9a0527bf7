//go:build !unix

package sysnet

import "errors"

// Infinity is what FDLimit returns for "no limit".
const Infinity = ^uint64(0)

// FDLimit fails with errors.ErrUnsupported.
func FDLimit() (uint64, error) { return 0, errors.ErrUnsupported }

// SetFDLimit fails with errors.ErrUnsupported.
func SetFDLimit(uint64) error { return errors.ErrUnsupported }

// OpenFDs fails with errors.ErrUnsupported.
func OpenFDs() (int, error) { return 0, errors.ErrUnsupported }
