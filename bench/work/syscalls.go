package work

import (
	"net"
	"syscall"
	"testing"
)

// Syscalls is what the kernel asks for the look at a parked connection: the
// system call as such, and by way of RawConn.Control, which is how to make it
// without racing with a close.
func Syscalls(b *testing.B) {
	server := StartServer(b)
	c, err := net.Dial("tcp", server.Plain[0])
	Check(err)
	defer c.Close()
	peek := NewPeek(c)
	b.Run("impl=control", func(b *testing.B) {
		for range b.N {
			if !peek.Alive() {
				b.Fatal("the connection died")
			}
		}
	})
	b.Run("impl=recv", func(b *testing.B) {
		raw, err := c.(syscall.Conn).SyscallConn()
		Check(err)
		Check(raw.Control(func(fd uintptr) {
			for range b.N {
				peek.ask(fd)
			}
		}))
	})
}
