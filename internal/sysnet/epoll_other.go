//go:build !linux

package sysnet

import "errors"

// epoll is there on Linux only.
type epoll struct{}

func (epoll) running() bool           { return false }
func (epoll) start(func(Watch)) error { return errors.ErrUnsupported }
func (epoll) add(*Probe, Watch) error { return errors.ErrUnsupported }
