//go:build linux

package server

import (
	"fmt"
	"net"
	"strconv"
	"sync"
)

// deadHosts is how many addresses there are at which nothing ever accepts.
const deadHosts = 8

// Dead returns the endpoints of the dead hosts: a connection to one of them is
// neither made nor refused, as it is with a host that has been switched off.
func Dead(port int) []Endpoint {
	endpoints := make([]Endpoint, deadHosts)
	for i := range endpoints {
		address := net.JoinHostPort(fmt.Sprintf("127.78.0.%d", i+1), strconv.Itoa(port))
		endpoints[i] = Endpoint{Network: "tcp", Address: address}
	}
	return endpoints
}

// openDead listens at the dead hosts with backlogs that are full for good.
func openDead(s *server, endpoints []Endpoint) error {
	failures := make([]error, len(endpoints))
	var group sync.WaitGroup
	for i, e := range endpoints {
		l := &listener{Endpoint: e, server: s}
		s.dead = append(s.dead, l)
		group.Go(func() {
			if failures[i] = l.open(); failures[i] == nil {
				_, failures[i] = l.fill()
			}
		})
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}
