//go:build linux

package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Child is the server process, seen from the soaked one. Its lock is held
// while the process is stopped or dead, so that orders wait until it is back.
type Child struct {
	config Config

	lock    sync.Mutex
	cmd     *exec.Cmd
	in      io.WriteCloser
	orders  *json.Encoder
	replies *json.Decoder
}

// StartupError is why a server would not start.
type StartupError struct {
	text      string
	PortInUse bool
}

func (e *StartupError) Error() string { return "server: " + e.text }

// Start starts the server process and waits until it listens everywhere. Its
// error is a *StartupError if the server itself had a reason. Stop it.
func Start(config Config) (*Child, error) {
	c := &Child{config: config}
	if err := c.start(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Child) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), Env+"=1")
	cmd.Stderr = os.Stderr
	// It shall not outlive us, even while stopped, nor see the terminal's Ctrl-C.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if c.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.in.Close()
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the server process %s: %w", self, err)
	}
	c.cmd, c.orders, c.replies = cmd, json.NewEncoder(c.in), json.NewDecoder(out)
	if err := c.greet(); err != nil {
		c.kill()
		return err
	}
	return nil
}

func (c *Child) greet() error {
	if err := c.orders.Encode(c.config); err != nil {
		return fmt.Errorf("server process: %w", err)
	}
	var r reply
	if err := c.replies.Decode(&r); err != nil {
		return fmt.Errorf("server process ended at its start: %w", err)
	}
	if r.Error != "" {
		return &StartupError{r.Error, r.PortInUse}
	}
	return nil
}

// Order sends a command and returns what the server says to it.
func (c *Child) Order(o Command) (uint64, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.cmd == nil {
		return 0, errors.New("server process: not running")
	}
	if err := c.orders.Encode(o); err != nil {
		return 0, fmt.Errorf("server process: %s: %w", o.Op, err)
	}
	var r reply
	if err := c.replies.Decode(&r); err != nil {
		return 0, fmt.Errorf("server process: %s: no reply: %w", o.Op, err)
	}
	if r.Error != "" {
		return r.N, fmt.Errorf("server process: %s: %s", o.Op, r.Error)
	}
	return r.N, nil
}

// Pause stops the process by signal, waits for done and continues it.
func (c *Child) Pause(done <-chan time.Time) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if err := c.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("server process: SIGSTOP: %w", err)
	}
	<-done
	if err := c.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return fmt.Errorf("server process: SIGCONT: %w", err)
	}
	return nil
}

const restartPatience = 30 * time.Second

// Restart kills the process, waits for down and starts it anew. A start that
// fails is tried again for a while: descriptors may be short, on purpose.
func (c *Child) Restart(down <-chan time.Time) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.kill()
	<-down
	for deadline := time.Now().Add(restartPatience); ; {
		err := c.start()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// kill ends the process and waits until it is gone.
func (c *Child) kill() {
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Kill()
	c.in.Close()
	_ = c.cmd.Wait() // says that it was killed
	c.cmd = nil
}

// Stop ends the process. A nil child is none.
func (c *Child) Stop() {
	if c == nil {
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.kill()
}
