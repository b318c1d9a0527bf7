package integration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/slotpool/slotpool/internal/testkit"
)

// endsWithUs has the kernel kill a process when this one ends, however it ends.
func endsWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// host is an address of 127.0.0.0/8 that only this process listens on, so that
// a port which is free now stays free.
var host = func() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 64+pid>>16&63, pid>>8&255, pid&255)
}()

var lastPort atomic.Int64

// freePorts returns the first of n ports of host in a row that nobody has.
func freePorts(n int) int { return int(lastPort.Add(int64(n))) - n + 5000 }

// server is a process that listens.
type server struct {
	t       *testing.T
	address string // the first
	arguments
	cmd   *exec.Cmd
	ended chan struct{}
	log   string // the file that it writes to
}

type arguments struct {
	name       string
	args       []string
	env        []string // besides that of this process
	credential *syscall.Credential
	stop       syscall.Signal
}

// need skips the test if a server is not installed.
func need(t *testing.T, file, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(file); err != nil {
		t.Skipf("%s is not installed: apt-get install %s", file, debianPackage)
	}
}

// startServer starts a server that is to listen at an address, and waits until it
// does. It ends with the test.
func startServer(t *testing.T, address string, a arguments) *server {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	log.Close()
	s := &server{t: t, address: address, arguments: a, log: log.Name()}
	s.start()
	t.Cleanup(s.end)
	return s
}

// start is also for a server that was ended before. A child has the limit on
// descriptors of its parent, so the shell raises it first.
func (s *server) start() {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command("/bin/sh", append([]string{"-c", `ulimit -Sn 4096; exec "$@"`, s.name, s.name}, s.args...)...)
	s.cmd.Env = append(os.Environ(), s.env...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = endsWithUs()
	s.cmd.SysProcAttr.Credential = s.credential
	s.cmd.Dir = os.TempDir()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, ended := s.cmd, make(chan struct{})
	s.ended = ended
	go func() {
		_ = cmd.Wait() // it was killed
		close(ended)
	}()
	testkit.Eventually(s.t, s.name+" listens at "+s.address, func() bool {
		select {
		case <-ended:
			text, _ := os.ReadFile(s.log)
			s.t.Fatalf("%s ended: %s", s.name, text)
		default:
		}
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// end asks the server to end, and waits for that.
func (s *server) end() {
	select {
	case <-s.ended:
		return
	default:
	}
	_ = s.cmd.Process.Signal(s.stop)
	<-s.ended
}

func (s *server) restart() {
	s.t.Helper()
	s.end()
	s.start()
}

// closeWaits counts the sockets of this process whose peer has closed the connection and
// that are still open here.
func closeWaits(t *testing.T) (n int) {
	t.Helper()
	const closeWait = 8 // TCP_CLOSE_WAIT of tcp_states.h
	for fd := range testkit.Descriptors() {
		number, err := strconv.Atoi(fd)
		if err != nil {
			t.Fatal(err)
		}
		info, err := unix.GetsockoptTCPInfo(number, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil && info.State == closeWait { // an error: it is no TCP socket
			n++
		}
	}
	return n
}
