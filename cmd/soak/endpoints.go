//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"time"
)

const portTries = 20

// startServers returns the endpoints, with the soak's own servers behind them
// unless the user named some.
func (r *soak) startServers(dir string, cert certificate) ([]endpoint, error) {
	c := r.config
	if c.target != "" {
		return targetEndpoints(c.addresses, c.target)
	}
	ipv6 := hasIPv6()
	for try := 1; ; try++ {
		port := c.port
		if port == 0 {
			port = randomPort(c.addresses)
		}
		endpoints := localEndpoints(c.addresses, port, dir, ipv6)
		child, err := startChild(serverConfig{Endpoints: endpoints, Certificate: cert})
		if err == nil {
			r.child = child
			return endpoints, nil
		}
		var s *startupError
		if !errors.As(err, &s) || !s.portInUse {
			return nil, err
		}
		if c.port != 0 {
			return nil, fmt.Errorf("-port %d: %w", c.port, err)
		}
		if try == portTries {
			return nil, fmt.Errorf("no free port in %d tries: %w", try, err)
		}
	}
}

// tryServers makes one request at each server, without the pool. What the Go
// runtime opens at a first dial is thereby open before the baseline.
func (r *soak) tryServers(endpoints []endpoint) error {
	tried := map[endpoint]bool{}
	request := make([]byte, 100)
	fillFrame(request, 0, 0, 0)
	for i, e := range endpoints {
		if tried[e] || r.child != nil && i >= 10 {
			continue // of our own servers, one of each kind will do
		}
		tried[e] = true
		conn, err := (&dialer{load: &load{tls: r.load.tls, ledger: r.ledger}, site: r.load.sites[i]}).connect(e.Network, e.Address)
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(dialTimeout))
			err = exchange(conn, request, make([]byte, len(request)))
			conn.Close()
		}
		if err != nil && r.child == nil {
			return fmt.Errorf("-target %s is no echo server to be reached: %w", e.Address, err)
		}
		if err != nil {
			return fmt.Errorf("own server at %v: %w", e, err)
		}
	}
	return nil
}

func kernelAddresses(endpoints []endpoint) map[string]bool {
	all := map[string]bool{}
	for _, e := range endpoints {
		if e.Network != "tcp" {
			continue
		}
		if a, err := net.ResolveTCPAddr("tcp", e.Address); err == nil {
			all[kernelAddress(a)] = true
		}
	}
	return all
}
