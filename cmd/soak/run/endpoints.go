//go:build linux

package run

import (
	"errors"
	"fmt"
	"net"

	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/cmd/soak/proc"
	"github.com/slotpool/slotpool/cmd/soak/server"
)

const portTries = 20

// startServers returns the endpoints, with the soak's own servers behind them
// unless the user named some.
func (r *soak) startServers(dir string, cert server.Certificate) ([]server.Endpoint, error) {
	c := r.config
	if c.target != "" {
		return server.Targets(c.addresses, c.target)
	}
	ipv6 := server.HasIPv6()
	for try := 1; ; try++ {
		port := c.port
		if port == 0 {
			port = server.RandomPort(c.addresses)
		}
		endpoints := server.Local(c.addresses, port, dir, ipv6)
		r.servers = server.Config{
			Endpoints: endpoints, Certificate: cert, Dead: server.Dead(port), Names: server.NameServer(port),
		}
		if load.HasInbound(c.apis) {
			r.servers.Callers = load.CallersFor(c.slots, server.Inbound(port))
		}
		child, err := server.Start(r.servers)
		if err == nil {
			r.child = child
			return endpoints, nil
		}
		var s *server.StartupError
		if !errors.As(err, &s) || !s.PortInUse {
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
func (r *soak) tryServers(endpoints []server.Endpoint) error {
	tried := map[server.Endpoint]bool{}
	for i, e := range endpoints {
		if tried[e] || r.child != nil && i >= 10 {
			continue // of our own servers, one of each kind will do
		}
		tried[e] = true
		err := r.load.Try(r.load.Sites[i])
		if err != nil && r.child == nil {
			return fmt.Errorf("-target %s is no echo server to be reached: %w", e.Address, err)
		}
		if err != nil {
			return fmt.Errorf("own server at %v: %w", e, err)
		}
	}
	return nil
}

func kernelAddresses(endpoints []server.Endpoint) map[string]bool {
	all := map[string]bool{}
	for _, e := range endpoints {
		if e.Network != "tcp" {
			continue
		}
		if a, err := net.ResolveTCPAddr("tcp", e.Address); err == nil {
			all[proc.KernelAddress(a)] = true
		}
	}
	return all
}
