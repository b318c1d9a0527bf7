package integration

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/slotpool/slotpool/internal/testkit"
)

// helpers are the lives of helper processes. Those that serve, and the dead hosts, go on
// until they are killed; the others and the dead hosts write one line of JSON.
var helpers = map[string]func(args []string) error{
	"grpc":    serveGRPC,
	"rpc":     serveRPC,
	"dead":    serveNobody,
	"clients": beClients,
}

// startHelper starts a helper and reads its line into answer.
func startHelper(t *testing.T, answer any, what string, args ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", `ulimit -Sn 16384; exec "$@"`, what, self}, args...)...)
	cmd.Env = append(os.Environ(), helperVariable+"="+what)
	cmd.SysProcAttr = endsWithUs()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // or it has ended
		_ = cmd.Wait()
	})
	t.Cleanup(end)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, answer)
	}
	out.Close()
	if err != nil {
		t.Fatalf("the helper %s: %v: %q", what, err, line)
	}
}

// startDead starts a helper that has n dead hosts.
func startDead(t *testing.T, n int) (addresses []string) {
	t.Helper()
	startHelper(t, &addresses, "dead", strconv.Itoa(n))
	return addresses
}

// startServing starts a helper that serves at n addresses, and at the same ones again when it
// is restarted.
func startServing(t *testing.T, what string, n int) (*server, []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	first := freePorts(n)
	for port := first; port < first+n; port++ {
		addresses = append(addresses, fmt.Sprintf("%s:%d", host, port))
	}
	return startServer(t, addresses[n-1], arguments{ // it listens there last
		name: self, stop: syscall.SIGKILL, args: addresses, env: []string{helperVariable + "=" + what},
	}), addresses
}

// listenAll listens at all addresses.
func listenAll(addresses []string, serve func(net.Listener)) error {
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go serve(l)
	}
	select {}
}

func serveGRPC(args []string) error {
	return listenAll(args, func(l net.Listener) {
		s := grpc.NewServer()
		grpc_health_v1.RegisterHealthServer(s, health.NewServer())
		fmt.Fprintln(os.Stderr, s.Serve(l))
	})
}

// Arith is a net/rpc service.
type Arith struct{}

// Double doubles.
func (Arith) Double(n int, result *int) error {
	*result = 2 * n
	return nil
}

func serveRPC(args []string) error {
	server := rpc.NewServer()
	if err := server.Register(Arith{}); err != nil {
		return err
	}
	return listenAll(args, server.Accept)
}

// serveNobody makes dead hosts: their queues of connections that wait to be
// accepted are full, so the kernel drops what else comes.
func serveNobody(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	var addresses []string
	for range n {
		address, err := fullListener()
		if err != nil {
			return err
		}
		addresses = append(addresses, address)
	}
	if err := json.NewEncoder(os.Stdout).Encode(addresses); err != nil {
		return err
	}
	select {}
}

// fullListener listens for the life of the process.
func fullListener() (address string, err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", err
	}
	if err := syscall.Listen(fd, 0); err != nil {
		return "", err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return "", err
	}
	address = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	// One fills it. That a dial takes long tells nothing but of a busy machine.
	if _, err := net.DialTimeout("tcp", address, testkit.Patience); err != nil {
		return "", err
	}
	for range 10 {
		if _, err := net.DialTimeout("tcp", address, 200*time.Millisecond); err != nil {
			return address, nil
		}
	}
	return "", errors.New("the queue does not fill")
}

// served is what clients have to tell.
type served struct {
	Answers int
	Errors  []string
}

// beClients are clients of an HTTP server, each with a connection of its own, who ask
// one question after the other. The arguments are the URL, how many clients and
// how many questions.
func beClients(args []string) error {
	clients, err1 := strconv.Atoi(args[1])
	questions, err2 := strconv.Atoi(args[2])
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var mu sync.Mutex
	var all served
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
			for range questions {
				err := askHello(client, args[0])
				mu.Lock()
				if err == nil {
					all.Answers++
				} else {
					all.Errors = append(all.Errors, err.Error())
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(all)
}
