//go:build linux

package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// This file is the other process: echo servers that do harm when told to. It
// is told by lines of JSON on its standard input, and answers each with one
// on its standard output. It ends when its input does.

// serverEnv in the environment makes the program a server.
const serverEnv = "SLOTPOOL_SOAK_SERVER"

type serverConfig struct {
	Endpoints   []endpoint  `json:"endpoints"`
	Certificate certificate `json:"certificate"`
}

// command is an order to the server, at first with nothing but a Config.
type command struct {
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
	peers     peerSet
}

func serverMain(stdin io.Reader, stdout io.Writer) int {
	in := json.NewDecoder(bufio.NewReader(stdin))
	out := json.NewEncoder(stdout)
	var config serverConfig
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
		var c command
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

func newServer(config serverConfig) (*server, error) {
	tlsConfig, err := config.Certificate.serverConfig()
	if err != nil {
		return nil, err
	}
	s := &server{tls: tlsConfig}
	for _, e := range config.Endpoints {
		l := &listener{endpoint: e, server: s}
		if err := l.open(); err != nil {
			return nil, err
		}
		s.listeners = append(s.listeners, l)
	}
	return s, nil
}

// obey carries out one command: a strike at idle connections, or a state of
// listeners that lasts until a command opCalm.
func (s *server) obey(c command) (uint64, error) {
	switch c.Op {
	case "ping":
		return uint64(s.peers.len()), nil
	case opClose, opReset, opHalfClose, opUnexpected:
		return s.peers.strike(c), nil
	case opCalm:
		return s.calm(c.State)
	}
	var n uint64
	for i, l := range s.listeners {
		if !chosen(c, i) {
			continue
		}
		struck, err := l.disturb(c.Op)
		if err != nil {
			return n, err
		}
		n += struck
	}
	return n, nil
}

// calm ends a state of all listeners and returns the events that came of it.
func (s *server) calm(state string) (uint64, error) {
	var n uint64
	var first error
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
func chosen(c command, i int) bool {
	x := (c.Seed + uint64(i) + 1) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 32
	return float64(x>>11)/(1<<53) < c.Share
}
