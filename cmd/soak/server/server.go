//go:build linux

// Package server is the other process of a soak: echo servers that do harm when
// they are told to. Start runs it and returns the Child that gives the orders.
package server

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// This file is the other process: echo servers that do harm when told to. It
// is told by lines of JSON on its standard input, and answers each with one
// on its standard output. It ends when its input does.

// Env in the environment makes the program a server.
const Env = "SLOTPOOL_SOAK_SERVER"

// Config is what the server is told first.
type Config struct {
	Endpoints   []Endpoint  `json:"endpoints"`
	Certificate Certificate `json:"certificate"`
	Dead        []Endpoint  `json:"dead,omitempty"`  // hosts that never accept
	Names       string      `json:"names,omitempty"` // address of the name server; empty: none
	Callers     Callers     `json:"callers"`         // of the soaked process; perhaps none
}

// Command is an order to the server, at first with nothing but a Config.
type Command struct {
	Op    string  `json:"op"`
	Share float64 `json:"share,omitempty"` // of connections or listeners
	Seed  uint64  `json:"seed,omitempty"`  // decides which
	State string  `json:"state,omitempty"` // that opCalm shall end
}

// reply says how many a command struck, or what came of one that lasted.
type reply struct {
	N         uint64 `json:"n"`
	Error     string `json:"error,omitempty"`
	PortInUse bool   `json:"portInUse,omitempty"`
}

type server struct {
	tls       *tls.Config
	listeners []*listener
	dead      []*listener
	names     *names
	callers   *callers // nil if there are none
	peers     peerSet
}

// Main is the server process. It returns the exit status.
func Main(stdin io.Reader, stdout io.Writer) int {
	in := json.NewDecoder(bufio.NewReader(stdin))
	out := json.NewEncoder(stdout)
	var config Config
	if err := in.Decode(&config); err != nil {
		fmt.Fprintln(os.Stderr, "soak server: reading its configuration:", err)
		return 1
	}
	s, err := newServer(config)
	if err != nil {
		_ = out.Encode(reply{Error: err.Error(), PortInUse: errors.Is(err, syscall.EADDRINUSE)})
		return 1
	}
	if out.Encode(reply{N: uint64(len(s.listeners))}) != nil {
		return 1
	}
	for {
		var c Command
		if in.Decode(&c) != nil {
			return 0
		}
		n, err := s.obey(c)
		r := reply{N: n}
		if err != nil {
			r.Error = err.Error()
		}
		if out.Encode(r) != nil {
			return 0
		}
	}
}

func newServer(config Config) (*server, error) {
	tlsConfig, err := config.Certificate.serverConfig()
	if err != nil {
		return nil, err
	}
	s := &server{tls: tlsConfig}
	for _, e := range config.Endpoints {
		l := &listener{Endpoint: e, server: s}
		if err := l.open(); err != nil {
			return nil, err
		}
		s.listeners = append(s.listeners, l)
	}
	if err := openDead(s, config.Dead); err != nil {
		return nil, err
	}
	if config.Names != "" {
		s.names, err = listenNames(config.Names)
	}
	if err == nil && config.Callers.Number > 0 {
		s.callers = startCallers(config.Callers)
	}
	return s, err
}

// obey carries out one command: a strike at idle connections, or a state of
// listeners that lasts until a command opCalm.
func (s *server) obey(c Command) (uint64, error) {
	switch c.Op {
	case "ping":
		return uint64(s.peers.len()), nil
	case OpClose, OpReset, OpHalfClose, OpUnexpected:
		return s.peers.strike(c), nil
	case OpCallersStop, OpCallersAnswered, OpCallersWrong:
		return s.callers.obey(c.Op)
	case OpCalm:
		return s.calm(c.State)
	case OpSlowNames, OpSilentNames:
		if s.names == nil {
			return 0, errors.New("there is no name server")
		}
		s.names.disturb(c.Op)
		return 0, nil
	}
	return s.disturb(c)
}

// disturb puts the listeners that are chosen in a state, all at once: to fill a
// backlog takes a while.
func (s *server) disturb(c Command) (uint64, error) {
	var n atomic.Uint64
	failures := make([]error, len(s.listeners))
	var group sync.WaitGroup
	for i, l := range s.listeners {
		if !chosen(c, i) {
			continue
		}
		group.Go(func() {
			struck, err := l.disturb(c.Op)
			n.Add(struck)
			failures[i] = err
		})
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return n.Load(), err
		}
	}
	return n.Load(), nil
}

// calm ends a state of all listeners and returns the events that came of it.
func (s *server) calm(state string) (uint64, error) {
	var n uint64
	var first error
	if s.names != nil {
		n = s.names.calm(state)
	}
	for _, l := range s.listeners {
		struck, err := l.calm(state)
		n += struck
		if first == nil {
			first = err
		}
	}
	return n, first
}

// chosen decides whether a command is for number i.
func chosen(c Command, i int) bool {
	x := (c.Seed + uint64(i) + 1) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 32
	return float64(x>>11)/(1<<53) < c.Share
}
