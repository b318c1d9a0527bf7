//go:build linux

package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Endpoint is one address with an echo server behind it.
type Endpoint struct {
	Network string `json:"network"`
	Address string `json:"address"`
	TLS     bool   `json:"tls,omitempty"`
	Name    string `json:"name,omitempty"` // host name and port to dial by; empty: by Address
}

// Target is what is dialled: the name, if there is one.
func (e Endpoint) Target() string {
	if e.Name != "" {
		return e.Name
	}
	return e.Address
}

func (e Endpoint) String() string {
	if e.TLS {
		return "tls " + e.Target()
	}
	return e.Network + " " + e.Target()
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

// RandomPort returns a port that is likely to be free at all addresses of that
// many endpoints.
func RandomPort(addresses int) int {
	low, high := portRoom()
	return low + rand.IntN(max(high-low-addresses, 1))
}

// HasIPv6 reports whether one can listen at ::1.
func HasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// Local makes n endpoints. Of ten, six are IPv4 with an address of
// their own each, one is IPv6 and two are TLS with a port or an address of
// their own, and one is a unix socket in dir. One of the IPv4 ones goes by name.
func Local(n, port int, dir string, ipv6 bool) []Endpoint {
	endpoints := make([]Endpoint, n)
	for i := range endpoints {
		e := Endpoint{Network: "tcp", Address: net.JoinHostPort(loopback(i), strconv.Itoa(port))}
		switch i % 10 {
		case 1:
			e = e.Named("h")
		case 3:
			if ipv6 {
				e.Address = net.JoinHostPort("::1", strconv.Itoa(port+i/10))
			}
		case 5:
			e = Endpoint{Network: "unix", Address: filepath.Join(dir, fmt.Sprintf("%d.sock", i))}
		case 7, 9:
			e.TLS = true
		}
		endpoints[i] = e
	}
	return endpoints
}

// Named returns the endpoint, of an IPv4 address, by a name that begins with
// label. The servers' name server knows it.
func (e Endpoint) Named(label string) Endpoint {
	if ip, port, err := net.SplitHostPort(e.Address); err == nil {
		e.Name = net.JoinHostPort(NameFor(label, ip), port)
	}
	return e
}

// NameServer returns the address of the name server beside servers at port.
func NameServer(port int) string { return net.JoinHostPort(loopback(0), strconv.Itoa(port)) }

// Inbound returns the address at which the soaked process listens beside servers at port.
func Inbound(port int) string { return net.JoinHostPort("127.76.0.1", strconv.Itoa(port)) }

// loopback returns an address of 127.0.0.0/8 other than 127.0.0.1, which is
// where the kernel begins outgoing connections.
func loopback(i int) string { return fmt.Sprintf("127.77.%d.%d", i/250%250, 1+i%250) }

// Targets makes n endpoints that share the user's own echo servers.
// Names are looked up once, here, so that no dial opens a socket for that.
func Targets(n int, targets string) ([]Endpoint, error) {
	var servers []Endpoint
	for _, t := range strings.Split(targets, ",") {
		e, err := parseTarget(strings.TrimSpace(t))
		if err != nil {
			return nil, err
		}
		servers = append(servers, e)
	}
	endpoints := make([]Endpoint, max(n, len(servers)))
	for i := range endpoints {
		endpoints[i] = servers[i%len(servers)]
	}
	return endpoints, nil
}

func parseTarget(target string) (Endpoint, error) {
	if path, ok := strings.CutPrefix(target, "unix:"); ok {
		if path == "" {
			return Endpoint{}, fmt.Errorf("-target %q: no path after unix", target)
		}
		return Endpoint{Network: "unix", Address: path}, nil
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		return Endpoint{}, fmt.Errorf("-target %q: want host:port or unix:/path: %w", target, err)
	}
	a, err := net.ResolveTCPAddr("tcp", target)
	if err != nil {
		return Endpoint{}, fmt.Errorf("-target %q: %w", target, err)
	}
	if a.Port == 0 {
		return Endpoint{}, fmt.Errorf("-target %q: port 0 is no server's", target)
	}
	switch {
	case a.IP == nil || a.IP.Equal(net.IPv4zero):
		a.IP = net.IPv4(127, 0, 0, 1)
	case a.IP.IsUnspecified():
		a.IP = net.IPv6loopback
	}
	return Endpoint{Network: "tcp", Address: a.String()}, nil
}
