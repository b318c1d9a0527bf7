package work

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// An HTTPContender is a pool of connections below HTTP.
type HTTPContender interface {
	Name() string
	New(s HTTPShape) http.RoundTripper
}

// HTTPShape is what a benchmark asks of a pool below HTTP.
type HTTPShape struct {
	Slots  int      // for connections, idle or in all
	Hosts  []string // that requests are made to
	Dialer Dialer   // that makes the connections
}

// DialContext dials with the shape's dialer, which need not know of contexts.
func (s HTTPShape) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d, ok := s.Dialer.(interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}); ok {
		return d.DialContext(ctx, network, address)
	}
	return s.Dialer.Dial(network, address)
}

// NamedHTTP makes an HTTPContender of a function.
func NamedHTTP(name string, make func(HTTPShape) http.RoundTripper) HTTPContender {
	return named[HTTPShape, http.RoundTripper]{name, make}
}

// HTTP is one user of one server, and 64 users of many: of 10,000 as in Fanout,
// and of somewhat more than there are slots, in turn.
func HTTP(b *testing.B, all []HTTPContender) {
	server := StartServer(b)
	httpWork(b, all, server, 1, "one", []int{0}, 1)
	httpWork(b, all, server, crowdUsers, "zipf0.9", fanoutTrace(), fanoutAddresses)
	for _, factor := range []float64{1.2, 2} {
		n := int(factor * float64(processSlots()))
		httpWork(b, all, server, crowdUsers, "robin"+strconv.FormatFloat(factor, 'g', -1, 64), shuffled(n), n)
	}
}

func httpWork(b *testing.B, all []HTTPContender, server *Server, users int, traffic string, trace []int, addresses int) {
	dialer := &countingDialer{targets: server.HTTP}
	s := HTTPShape{Slots: processSlots(), Hosts: manyHosts(addresses), Dialer: dialer}
	a := axes{users: users, slots: s.Slots, addresses: addresses, hold: HoldNot, more: "transport=tcp/request=http/trace=" + traffic}
	r := replay{trace: trace, dialer: dialer}
	each(b, all, a, s, func(b *testing.B, over http.RoundTripper) {
		r.run(b, users, over, func(address int) { fetch(over, s.Hosts[address]) })
	})
}

// manyHosts makes up n hosts with ports, for a countingDialer.
func manyHosts(n int) []string {
	hosts := make([]string, n)
	for i := range hosts {
		hosts[i] = "host" + strconv.Itoa(i) + ":" + strconv.Itoa(i)
	}
	return hosts
}

func fetch(over http.RoundTripper, host string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+host+"/", nil)
	Check(err)
	response, err := over.RoundTrip(request)
	Check(err)
	_, err = io.Copy(io.Discard, response.Body)
	Check(err)
	Check(response.Body.Close())
}

// answer is what the server says to a fetch.
const answer = "0123456789012345678901234567890123456789012345678901234567890123"

func answerHTTP(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) }
