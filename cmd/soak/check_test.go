//go:build linux

package main

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"testing"
)

func TestExchangeJudgesAnswer(t *testing.T) {
	frame := func(user uint32, size int) []byte {
		f := make([]byte, size)
		fillFrame(f, user, 2, 3)
		return f
	}
	request := frame(1, 500)
	corrupt := append([]byte(nil), request...)
	corrupt[400] ^= 1
	for name, c := range map[string]struct {
		answer []byte
		want   error
	}{
		"right":      {request, nil},
		"foreign":    {frame(9, 500), errForeignAnswer},
		"corrupt":    {corrupt, errCorruptAnswer},
		"nonsense":   {make([]byte, 500), errCorruptAnswer},
		"unexpected": {append([]byte(unexpectedBytes), request...), errUnexpectedBytes},
		"short":      {request[:200], io.ErrUnexpectedEOF},
		"none":       {nil, io.EOF},
	} {
		here, there := net.Pipe()
		go func() {
			_, _ = io.ReadFull(there, make([]byte, len(request)))
			_, _ = there.Write(c.answer)
			there.Close()
		}()
		if err := exchange(here, request, make([]byte, len(request))); !errors.Is(err, c.want) {
			t.Errorf("%s answer: %v, want %v", name, err, c.want)
		}
		here.Close()
	}
}

func TestTrendFindsGrowth(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var s series
	for i := range 5000 {
		s.add(float64(i), 50+0.01*float64(i)+rnd.NormFloat64()*3)
	}
	if len(s.blocks) > mostBlocks {
		t.Errorf("%d blocks", len(s.blocks))
	}
	r := trendOf(s.points())
	if r.Low > 0.01 || r.High < 0.01 || !r.grows(40) || r.grows(60) {
		t.Errorf("a growth of 0.01 a second over 5000 s gave %+v", r)
	}
}

// Figures that wander, as they do while faults come and go, must not pass for
// growth: at a confidence of 99 %, on one side, it is to be one in 200.
func TestTrendAccusesNoNoise(t *testing.T) {
	const runs = 400
	accused := 0
	for seed := range uint64(runs) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var s series
		level := 0.0
		for i := range 2000 {
			level = 0.9*level + rnd.NormFloat64()
			s.add(float64(i), 50+level)
		}
		if trendOf(s.points()).grows(0) {
			accused++
		}
	}
	if accused > runs/40 {
		t.Errorf("%d of %d runs of noise passed for growth", accused, runs)
	}
}

func TestTrendNeedsPoints(t *testing.T) {
	for _, n := range []int{0, 1, fewestPoints - 1} {
		var s series
		for i := range n {
			s.add(float64(i), float64(i))
		}
		if r := trendOf(s.points()); r.Possible || r.grows(0) {
			t.Errorf("%d points gave %+v", n, r)
		}
	}
	var flat series
	for i := range 100 {
		flat.add(float64(i), 7)
	}
	if r := trendOf(flat.points()); !r.Possible || r.grows(0) || math.Abs(r.Slope) > 1e-9 {
		t.Errorf("a constant gave %+v", r)
	}
}

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
	p, err := openProc()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("%s: %v", address, err)
			continue
		}
		before, err := p.descriptors()
		if err != nil {
			t.Fatal(err)
		}
		here, there := connect(t, l)
		d, err := p.descriptors()
		if err != nil || d.byKind["socket"] != before.byKind["socket"]+2 || d.byKind["file"] < 3 {
			t.Errorf("%s: descriptors %v, before %v, %v", address, d.byKind, before.byKind, err)
		}
		servers := map[string]bool{kernelAddress(l.Addr().(*net.TCPAddr)): true}
		there.Close()
		states, err := p.sockets(d.inodes, servers)
		if err != nil || states["CLOSE_WAIT"] == 0 || states["LISTEN"] == 0 {
			t.Errorf("%s: a connection that the peer closed shows as %v, %v", address, states, err)
		}
		here.Close()
		// The port may be one that other connections have waited on before.
		states, err = p.sockets(nil, servers)
		if err != nil {
			t.Fatal(err)
		}
		waited := states["TIME_WAIT"]
		here, there = connect(t, l)
		here.Close() // first, so that it is the side that waits
		there.Close()
		l.Close()
		if !until(func() bool {
			states, err = p.sockets(nil, servers)
			return err == nil && states["TIME_WAIT"] > waited
		}) {
			t.Errorf("%s: a connection that was closed here shows as %v, %v", address, states, err)
		}
	}
	if n, err := p.residentBytes(); err != nil || n < 1<<20 {
		t.Errorf("resident: %d bytes, %v", n, err)
	}
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
		if got := kernelAddress(a); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestVerdictStatus(t *testing.T) {
	for _, c := range []struct {
		v    verdictReport
		want int
	}{
		{verdictReport{Clean: true}, statusClean},
		{verdictReport{}, statusFailed},
		{verdictReport{Trouble: "no server"}, statusFailed},
		{verdictReport{Clean: true, Trouble: "no server"}, statusUsage},
	} {
		if got := c.v.status(); got != c.want {
			t.Errorf("%+v: status %d, want %d", c.v, got, c.want)
		}
	}
}

func TestDescriptorsHaveKinds(t *testing.T) {
	p, err := openProc()
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.descriptors()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	after, err := p.descriptors()
	if err != nil || after.byKind["pipe"] != before.byKind["pipe"]+2 || after.total() < before.total()+2 {
		t.Errorf("a pipe more shows as %v, before %v, %v", after.byKind, before.byKind, err)
	}
}
