//go:build !unix

package sysnet

import "errors"

// FreeFD fails with errors.ErrUnsupported.
func FreeFD() (uint64, error) { return 0, errors.ErrUnsupported }

// HaveFDs fails with errors.ErrUnsupported.
func HaveFDs(uint) error { return errors.ErrUnsupported }
