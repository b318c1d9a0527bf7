//go:build linux

package proc

import (
	"net"
	"os"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestParseTCP(t *testing.T) {
	for _, c := range []struct {
		line, remote string
		state, inode uint64
		ok           bool
	}{
		{"   0: 0100007F:A8D2 02014D7F:7530 08 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 20 4 30 10 -1", "02014D7F:7530", 8, 4711, true},
		{"12345: 0100007F:A8D2 02014D7F:7530 06 00000000:00000000 03:000009C4 00000000     0        0 0 3 0000000000000000", "02014D7F:7530", timeWait, 0, true},
		{"torn: 0100", "", 0, 0, false},
	} {
		remote, state, inode, ok := parseTCP([]byte(c.line))
		if ok != c.ok || ok && (string(remote) != c.remote || state != c.state || inode != c.inode) {
			t.Errorf("%q: %s, %d, %d, %v", c.line, remote, state, inode, ok)
		}
	}
}

func TestProcSeesSockets(t *testing.T) {
	p, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("%s: %v", address, err)
			continue
		}
		before, err := p.Descriptors()
		if err != nil {
			t.Fatal(err)
		}
		here, there := connect(t, l)
		d, err := p.Descriptors()
		if err != nil || d.ByKind["socket"] != before.ByKind["socket"]+2 || d.ByKind["file"] < 3 {
			t.Errorf("%s: descriptors %v, before %v, %v", address, d.ByKind, before.ByKind, err)
		}
		servers := map[string]bool{KernelAddress(l.Addr().(*net.TCPAddr)): true}
		there.Close()
		var seen Connections
		testkit.Eventually(t, "a connection to "+address+" that its peer closed is in CLOSE_WAIT", func() bool {
			seen, err = p.Sockets(d.Inodes, servers)
			return err == nil && seen.States["CLOSE_WAIT"] != 0 && seen.States["LISTEN"] != 0
		})
		here.Close()
		wantTimeWait(t, p, l, servers)
	}
	if n, err := p.ResidentBytes(); err != nil || n < 1<<20 {
		t.Errorf("resident: %d bytes, %v", n, err)
	}
}

// wantTimeWait connects to a server, which it closes, and wants the connection seen to wait.
func wantTimeWait(t *testing.T, p *FS, l net.Listener, servers map[string]bool) {
	t.Helper()
	seen, err := p.Sockets(nil, servers)
	if err != nil {
		t.Fatal(err)
	}
	waited := seen.States["TIME_WAIT"] // the port may be one that others have waited on before
	here, there := connect(t, l)
	here.Close() // first, so that it is the side that waits
	there.Close()
	l.Close()
	testkit.Eventually(t, "a connection to "+l.Addr().String()+" that was closed here waits", func() bool {
		seen, err = p.Sockets(nil, servers)
		return err == nil && seen.States["TIME_WAIT"] > waited
	})
}

func connect(t *testing.T, l net.Listener) (here, there net.Conn) {
	t.Helper()
	here, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return here, there
}

func TestKernelAddress(t *testing.T) {
	for address, want := range map[string]string{
		"127.77.1.2:30000": "02014D7F:7530",
		"[::1]:443":        "00000000000000000000000001000000:01BB",
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := KernelAddress(a); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestDescriptorsHaveKinds(t *testing.T) {
	p, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.Descriptors()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	after, err := p.Descriptors()
	if err != nil || after.ByKind["pipe"] != before.ByKind["pipe"]+2 || after.Total() < before.Total()+2 {
		t.Errorf("a pipe more shows as %v, before %v, %v", after.ByKind, before.ByKind, err)
	}
}
