package sysnet

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tcpInfo wraps getsockopt(2) of TCP_INFO; see tcp(7). It makes the system call
// itself as unix.GetsockoptTCPInfo allocates. It fails for what is not TCP, and
// on a kernel that tells less than this package needs.
func tcpInfo(fd uintptr, info *unix.TCPInfo) bool {
	size := uint32(unsafe.Sizeof(*info))
	_, _, err := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, fd, unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(info)), uintptr(unsafe.Pointer(&size)), 0)
	return err == 0 && uintptr(size) >= unsafe.Offsetof(info.Delivery_rate)
}

// queues is what the two queues of a socket hold: bytes that wait to be read,
// and bytes that the peer has not acknowledged.
type queues struct{ in, out int }

// snapshot reads TCP_INFO and the queues as of one moment. It fails if the
// peer's segments keep coming in between.
func snapshot(fd uintptr, info *unix.TCPInfo) (q queues, ok bool) {
	var before unix.TCPInfo
	const attempts = 4
	for range attempts {
		if !tcpInfo(fd, &before) {
			return q, false
		}
		var err, err2 error
		q.in, err = unix.IoctlGetInt(int(fd), unix.SIOCINQ)
		q.out, err2 = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil || err2 != nil || !tcpInfo(fd, info) {
			return q, false
		}
		if info.Bytes_received == before.Bytes_received && info.Bytes_acked == before.Bytes_acked &&
			info.State == before.State {
			return q, true
		}
	}
	return q, false
}

// countsOf tells what was consumed and written on a TCP connection.
func countsOf(fd uintptr) (c counts, ok bool) {
	var info unix.TCPInfo
	q, ok := snapshot(fd, &info)
	c.consumed = info.Bytes_received - uint64(q.in)
	c.written = info.Bytes_acked + uint64(q.out)
	return c, ok
}

// Quiet reports whether the connection was quiet for d: neither end has sent a
// byte for so long, none is under way or unread, and the last came in. A peer
// that was sent something last may be about to answer.
//
// The kernel's clock ticks every 1 to 10 ms. If both ends sent within a tick, it
// cannot tell whose bytes were last; answered says that the caller can: nothing
// was written since something was read. One call at a time; false if it cannot
// be told, as with anything but TCP, and where this package cannot ask.
func (p *Probe) Quiet(d time.Duration, answered bool) (quiet bool) {
	if p == nil {
		return false
	}
	err := p.raw.Control(func(fd uintptr) {
		var info unix.TCPInfo
		q, ok := snapshot(fd, &info)
		sent, received := since(info.Last_data_sent), since(info.Last_data_recv)
		quiet = ok && info.State == tcpEstablished && q == queues{} && min(sent, received) >= d &&
			(info.Data_segs_out == 0 || received < sent || received == sent && answered)
	})
	return err == nil && quiet
}

func since(ms uint32) time.Duration { return time.Duration(ms) * time.Millisecond }
