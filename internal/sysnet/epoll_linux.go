package sysnet

import (
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// epoll is an epoll instance that Go's own netpoller polls: no thread waits in
// epoll_wait(2). Only EPOLLRDHUP, and the errors that need not be asked for, make
// it ready, once for each change.
//
// A descriptor leaves the set by itself when it is closed, unless it was
// duplicated; events that then still come have a name that is nobody's.
type epoll struct {
	raw   syscall.RawConn // nil until it is started
	fd    int             // stays open, so that the number stays its own
	wakes atomic.Int64    // of its goroutine
}

func (e *epoll) running() bool { return e.raw != nil }

func (e *epoll) start(told func(Watch)) error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // for os.NewFile to poll it
		unix.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	f := os.NewFile(uintptr(fd), "epoll")
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return err
	}
	e.raw, e.fd = raw, fd
	go e.run(f, told)
	return nil
}

// eventsAtOnce is how many are taken from the kernel by one call.
const eventsAtOnce = 128

// run takes events for as long as the process lives.
func (e *epoll) run(f *os.File, told func(Watch)) {
	defer f.Close()
	events := make([]unix.EpollEvent, eventsAtOnce)
	for {
		var n int
		if err := e.raw.Read(func(fd uintptr) bool {
			e.wakes.Add(1)
			n = epollWait(int(fd), events)
			return n != 0
		}); err != nil {
			return // nobody closes it
		}
		for _, event := range events[:n] {
			told(Watch(uint32(event.Fd)) | Watch(uint32(event.Pad))<<32)
		}
	}
}

// epollWait returns the events that are there.
func epollWait(fd int, events []unix.EpollEvent) int {
	for {
		n, err := unix.EpollWait(fd, events, 0)
		if err != unix.EINTR {
			return max(n, 0)
		}
	}
}

func (e *epoll) add(p *Probe, name Watch) error {
	var errno error
	err := p.raw.Control(func(fd uintptr) {
		errno = unix.EpollCtl(e.fd, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{
			Events: unix.EPOLLRDHUP | unix.EPOLLET,
			Fd:     int32(uint32(name)),
			Pad:    int32(uint32(name >> 32)),
		})
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("epoll_ctl", errno)
}
