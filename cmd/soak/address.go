//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// endpoint is one address with an echo server behind it.
type endpoint struct {
	Network string `json:"network"`
	Address string `json:"address"`
	TLS     bool   `json:"tls,omitempty"`
}

func (e endpoint) String() string {
	if e.TLS {
		return "tls " + e.Address
	}
	return e.Network + " " + e.Address
}

// Ports of the servers are below those that the kernel gives to outgoing
// connections, so that a server which is down finds its port free again.
const (
	lowestPort  = 10000
	defaultHigh = 32768 // where the kernel's range usually begins
)

// portRoom returns the ports to choose from: lowestPort up to, not including,
// high.
func portRoom() (low, high int) {
	high = defaultHigh
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		if first, _, ok := strings.Cut(string(text), "\t"); ok {
			if n, err := strconv.Atoi(first); err == nil && n > lowestPort+1000 {
				high = min(n, 65536)
			}
		}
	}
	return lowestPort, high
}

func randomPort(addresses int) int {
	low, high := portRoom()
	return low + rand.IntN(max(high-low-addresses, 1))
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// localEndpoints makes n endpoints. Of ten, six are IPv4 with an address of
// their own each, one is IPv6 and two are TLS with a port or an address of
// their own, and one is a unix socket in dir.
func localEndpoints(n, port int, dir string, ipv6 bool) []endpoint {
	endpoints := make([]endpoint, n)
	for i := range endpoints {
		e := endpoint{Network: "tcp", Address: net.JoinHostPort(loopback(i), strconv.Itoa(port))}
		switch i % 10 {
		case 3:
			if ipv6 {
				e.Address = net.JoinHostPort("::1", strconv.Itoa(port+i/10))
			}
		case 5:
			e = endpoint{Network: "unix", Address: filepath.Join(dir, fmt.Sprintf("%d.sock", i))}
		case 7, 9:
			e.TLS = true
		}
		endpoints[i] = e
	}
	return endpoints
}

// loopback returns an address of 127.0.0.0/8 other than 127.0.0.1, which is
// where the kernel begins outgoing connections.
func loopback(i int) string { return fmt.Sprintf("127.77.%d.%d", i/250%250, 1+i%250) }

// targetEndpoints makes n endpoints that share the user's own echo servers.
// Names are looked up once, here, so that no dial opens a socket for that.
func targetEndpoints(n int, targets string) ([]endpoint, error) {
	var servers []endpoint
	for _, t := range strings.Split(targets, ",") {
		e, err := parseTarget(strings.TrimSpace(t))
		if err != nil {
			return nil, err
		}
		servers = append(servers, e)
	}
	endpoints := make([]endpoint, max(n, len(servers)))
	for i := range endpoints {
		endpoints[i] = servers[i%len(servers)]
	}
	return endpoints, nil
}

func parseTarget(target string) (endpoint, error) {
	if path, ok := strings.CutPrefix(target, "unix:"); ok {
		if path == "" {
			return endpoint{}, fmt.Errorf("-target %q: no path after unix", target)
		}
		return endpoint{Network: "unix", Address: path}, nil
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		return endpoint{}, fmt.Errorf("-target %q: want host:port or unix:/path: %w", target, err)
	}
	a, err := net.ResolveTCPAddr("tcp", target)
	if err != nil {
		return endpoint{}, fmt.Errorf("-target %q: %w", target, err)
	}
	if a.Port == 0 {
		return endpoint{}, fmt.Errorf("-target %q: port 0 is no server's", target)
	}
	switch {
	case a.IP == nil || a.IP.Equal(net.IPv4zero):
		a.IP = net.IPv4(127, 0, 0, 1)
	case a.IP.IsUnspecified():
		a.IP = net.IPv6loopback
	}
	return endpoint{Network: "tcp", Address: a.String()}, nil
}
