//go:build linux

// Package proc asks the kernel about the soaked process: its descriptors, its
// TCP connections, its memory and its limit.
package proc

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// FS reads what the kernel says about this process, see proc(5). The
// files stay open, so that a look costs no descriptor: it works while
// descriptors are short, and does not count itself differently each time.
type FS struct {
	fds, statm *os.File
	tcp        []*os.File
	buffer     []byte // of a fixed size, so that many lines make no heap that grows
}

const procBuffer = 1 << 16

// Open opens the files that FS reads. They stay open as long as the process.
func Open() (*FS, error) {
	p := &FS{buffer: make([]byte, procBuffer)}
	for _, f := range []struct {
		to   **os.File
		path string
	}{{&p.fds, "/proc/self/fd"}, {&p.statm, "/proc/self/statm"}} {
		opened, err := os.Open(f.path)
		if err != nil {
			return nil, err
		}
		*f.to = opened
	}
	for _, path := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		f, err := os.Open(path)
		if os.IsNotExist(err) {
			continue // no IPv6 here
		}
		if err != nil {
			return nil, err
		}
		p.tcp = append(p.tcp, f)
	}
	return p, nil
}

// Descriptors are those of the process by kind: socket, pipe, file, or the
// name of an anonymous inode such as pidfd.
type Descriptors struct {
	ByKind map[string]int
	Inodes map[uint64]bool // of the sockets
}

// Total is of all kinds.
func (d Descriptors) Total() int {
	n := 0
	for _, k := range d.ByKind {
		n += k
	}
	return n
}

// Descriptors looks at what is open. A look is not of one moment: a descriptor
// that is closed and one that is opened meanwhile may both be counted.
func (p *FS) Descriptors() (Descriptors, error) {
	d := Descriptors{ByKind: map[string]int{}, Inodes: map[uint64]bool{}}
	if _, err := p.fds.Seek(0, io.SeekStart); err != nil {
		return d, err
	}
	names, err := p.fds.Readdirnames(-1)
	if err != nil {
		return d, err
	}
	for _, name := range names {
		link, err := os.Readlink("/proc/self/fd/" + name)
		if err != nil {
			continue // closed since
		}
		kind, rest, _ := strings.Cut(link, ":")
		switch {
		case kind == "socket":
			if n, err := strconv.ParseUint(strings.Trim(rest, "[]"), 10, 64); err == nil {
				d.Inodes[n] = true
			}
		case kind == "anon_inode":
			kind = strings.Trim(rest, "[]")
		case kind != "pipe":
			kind = "file"
		}
		d.ByKind[kind]++
	}
	return d, nil
}

// tcpStates are the names of tcp(7) states by their number in /proc/net/tcp.
var tcpStates = map[uint64]string{
	1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT",
	7: "CLOSE", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING", 12: "NEW_SYN_RECV",
}

const (
	timeWait  = 6
	closeWait = 8
)

// Connections are the TCP connections of the process at one time.
type Connections struct {
	States    map[string]int // how many, by the name of the state
	CloseWait []uint64       // inodes of those that their peer has closed
}

// Sockets counts the TCP sockets of the process by state, those with one of
// the inodes. A connection in TIME_WAIT has no owner any more: it is counted
// if its peer is one of the servers.
func (p *FS) Sockets(inodes map[uint64]bool, servers map[string]bool) (Connections, error) {
	count := Connections{States: map[string]int{}}
	for _, f := range p.tcp {
		heading := true
		err := p.lines(f, func(line []byte) error {
			if heading {
				heading = false
				return nil
			}
			remote, state, inode, ok := parseTCP(line)
			if !ok {
				return fmt.Errorf("%s: unknown line %q", f.Name(), line)
			}
			if state == timeWait && servers[string(remote)] || inode != 0 && inodes[inode] {
				count.States[tcpStates[state]]++
				if state == closeWait {
					count.CloseWait = append(count.CloseWait, inode)
				}
			}
			return nil
		})
		if err != nil {
			return count, err
		}
	}
	return count, nil
}

// lines reads f from its start and calls each for every line, which is valid
// until each returns.
func (p *FS) lines(f *os.File, each func(line []byte) error) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for kept := 0; ; {
		if kept == len(p.buffer) {
			return fmt.Errorf("%s: a line of more than %d bytes", f.Name(), kept)
		}
		n, err := f.Read(p.buffer[kept:])
		if err == io.EOF && kept == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: in a line of %d bytes: %w", f.Name(), kept, err)
		}
		rest := p.buffer[:kept+n]
		for {
			line, after, whole := bytes.Cut(rest, []byte("\n"))
			if !whole {
				break
			}
			if err := each(line); err != nil {
				return err
			}
			rest = after
		}
		kept = copy(p.buffer, rest)
	}
}

// parseTCP takes a line of /proc/net/tcp apart without allocating: there may
// be tens of thousands of connections in TIME_WAIT.
func parseTCP(line []byte) (remote []byte, state, inode uint64, ok bool) {
	const fieldRemote, fieldState, fieldInode = 2, 3, 9
	for field := 0; field <= fieldInode; field++ {
		line = bytes.TrimLeft(line, " ")
		var word []byte
		word, line, _ = bytes.Cut(line, []byte(" "))
		switch field {
		case fieldRemote:
			remote = word
		case fieldState:
			state = parseNumber(word, 16)
		case fieldInode:
			return remote, state, parseNumber(word, 10), len(word) > 0
		}
	}
	return nil, 0, 0, false
}

func parseNumber(digits []byte, base uint64) uint64 {
	var n uint64
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			n = n*base + uint64(c-'0')
		case c >= 'A' && c <= 'F':
			n = n*base + uint64(c-'A'+10)
		}
	}
	return n
}

// KernelAddress is a TCP address as /proc/net/tcp and tcp6 write it: groups of
// four bytes in the byte order of the machine, which is taken to be little
// endian, then the port.
func KernelAddress(a *net.TCPAddr) string {
	ip := a.IP.To4()
	if ip == nil {
		ip = a.IP.To16()
	}
	var b strings.Builder
	for i := 0; i+4 <= len(ip); i += 4 {
		fmt.Fprintf(&b, "%02X%02X%02X%02X", ip[i+3], ip[i+2], ip[i+1], ip[i])
	}
	fmt.Fprintf(&b, ":%04X", a.Port)
	return b.String()
}

// ResidentBytes is the memory of the process that is in RAM.
func (p *FS) ResidentBytes() (n uint64, err error) {
	err = p.lines(p.statm, func(line []byte) error {
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			return fmt.Errorf("%s: unknown content %q", p.statm.Name(), line)
		}
		n = parseNumber(fields[1], 10) * uint64(os.Getpagesize())
		return nil
	})
	return n, err
}
