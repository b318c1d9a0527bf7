package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
)

// serveVariable makes this program a server of so many addresses.
const serveVariable = "SLOTPOOL_DEMO_SERVE"

// requestSize is the size of a request and of its answer, in bytes.
const requestSize = 32

// closeOneIn is how seldom a server hangs up after an answer.
const closeOneIn = 200

// serve echoes until its standard input ends, as it does when the demo ends.
func serve(count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return fmt.Errorf("%s=%q: %w", serveVariable, count, err)
	}
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println(l.Addr())
		go accept(l)
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go echo(conn)
	}
}

func echo(conn net.Conn) {
	defer conn.Close()
	var b [requestSize]byte
	for {
		if _, err := io.ReadFull(conn, b[:]); err != nil {
			return
		}
		if _, err := conn.Write(b[:]); err != nil || rand.IntN(closeOneIn) == 0 {
			return
		}
	}
}

// startServers returns the addresses and a function that ends the servers.
func startServers(n int) (addresses []string, stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serveVariable, n))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := c.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() error {
		in.Close()
		return c.Wait()
	}
	for lines := bufio.NewScanner(out); len(addresses) < n && lines.Scan(); {
		addresses = append(addresses, lines.Text())
	}
	if len(addresses) < n {
		stop()
		return nil, nil, fmt.Errorf("only %d of %d servers started; is the limit on descriptors (ulimit -n) too low?", len(addresses), n)
	}
	return addresses, stop, nil
}
