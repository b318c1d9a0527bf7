//go:build linux

package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// States of the name server, which last until a command OpCalm for them.
const (
	OpSlowNames   = "slow-names"
	OpSilentNames = "silent-names"
)

// nameDelay is how long a slow name server takes. Go's resolver asks for the
// IPv4 and the IPv6 address at once, so it adds up to no more.
const nameDelay = 300 * time.Millisecond

// NameFor returns a host name that the name server resolves to ip, an IPv4
// address. Names with different labels are different addresses to the pool.
// The dot at the end keeps a resolver from trying its search domains.
func NameFor(label, ip string) string {
	return label + "." + strings.ReplaceAll(ip, ".", "-") + ".soak.test."
}

// names is a name server of our own, see RFC 1035: the address that a name
// leads to is one of its labels.
type names struct {
	conn         net.PacketConn
	slow, silent state
}

func listenNames(address string) (*names, error) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	s := &names{conn: conn}
	go s.serve()
	return s, nil
}

func (s *names) serve() {
	query := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(query)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || s.silent.strikes() {
			continue // an error is one that ICMP brought, about an earlier answer
		}
		answer, err := answerQuery(query[:n])
		if err != nil {
			continue
		}
		reply := func() { _, _ = s.conn.WriteTo(answer, from) } // who has gone needs none
		if s.slow.strikes() {
			time.AfterFunc(nameDelay, reply)
			continue
		}
		reply()
	}
}

// disturb begins a state and calm ends it.
func (s *names) disturb(op string) {
	switch op {
	case OpSlowNames:
		s.slow.on.Store(true)
	case OpSilentNames:
		s.silent.on.Store(true)
	}
}

func (s *names) calm(op string) uint64 {
	switch op {
	case OpSlowNames:
		return s.slow.end()
	case OpSilentNames:
		return s.silent.end()
	}
	return 0
}

const (
	dnsHeader   = 12
	dnsResponse = 0x8400 // an answer, by who knows
	dnsNoName   = 3      // the response code for a name that is not there
	dnsTypeA    = 1
)

// answerQuery makes the answer to a query with one question. A name that
// leads to an IPv4 address has just that: a question for another type is
// answered with nothing.
func answerQuery(query []byte) ([]byte, error) {
	if len(query) < dnsHeader || binary.BigEndian.Uint16(query[4:]) != 1 {
		return nil, errors.New("not a query with one question")
	}
	var ip net.IP
	at := dnsHeader
	for {
		if at >= len(query) {
			return nil, errors.New("a name without an end")
		}
		length := int(query[at])
		at++
		if length == 0 {
			break
		}
		if length > 63 || at+length > len(query) {
			return nil, fmt.Errorf("a label of %d bytes", length)
		}
		if found := net.ParseIP(strings.ReplaceAll(string(query[at:at+length]), "-", ".")).To4(); found != nil {
			ip = found
		}
		at += length
	}
	if at+4 > len(query) {
		return nil, errors.New("a name without a type")
	}
	answer := append([]byte(nil), query[:at+4]...)
	flags, records := uint16(dnsResponse), uint16(0)
	switch {
	case ip == nil:
		flags |= dnsNoName
	case binary.BigEndian.Uint16(query[at:]) == dnsTypeA:
		records = 1
		answer = append(answer, 0xc0, dnsHeader) // the name is that of the question
		answer = append(answer, 0, dnsTypeA, 0, 1, 0, 0, 0, 0, 0, net.IPv4len)
		answer = append(answer, ip...)
	}
	binary.BigEndian.PutUint16(answer[2:], flags)
	binary.BigEndian.PutUint16(answer[6:], records)
	binary.BigEndian.PutUint32(answer[8:], 0) // no authorities, nothing additional
	return answer, nil
}
