package work

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
)

// An HTTPContender is a pool of connections below HTTP.
type HTTPContender struct {
	Name string

	// New makes what sends requests to the given hosts, over connections that
	// dialer makes, at most as many of them idle or in all as there are slots.
	New func(slots int, hosts []string, dialer Dialer) http.RoundTripper
}

// HTTP is one user of one server, and 64 users of 10,000 as in Fanout.
func HTTP(b *testing.B, all []HTTPContender) {
	server := StartServer(b)
	httpWork(b, all, server, 1, []int{0}, axes{users: 1, addresses: 1})
	trace := zipf(fanoutAddresses, fanoutSkew, 1<<17)
	httpWork(b, all, server, crowdUsers, trace, axes{users: crowdUsers, addresses: fanoutAddresses})
}

// httpWork has users make requests to the addresses of a trace, one after the
// other, going on from run to run.
func httpWork(b *testing.B, all []HTTPContender, server *Server, users int, trace []int, a axes) {
	dialer := &countingDialer{targets: server.HTTP}
	hosts := manyHosts(a.addresses)
	a.slots, a.hold, a.more = processSlots(), HoldNot, "transport=tcp/request=http"
	for _, c := range rotated(all) {
		over := c.New(a.slots, hosts, dialer)
		var next atomic.Uint64
		request := func(int) { fetch(over, hosts[trace[next.Add(1)%uint64(len(trace))]]) }
		warm := false
		b.Run(a.name(c.Name), func(b *testing.B) {
			if !warm {
				for range min(len(trace), fanoutWarmUp) {
					request(0)
				}
				warm = true
			}
			b.ReportAllocs()
			dials := dialer.dials.Load()
			compete(b, users, nil, request)
			b.ReportMetric(float64(dialer.dials.Load()-dials)/float64(b.N), "dials/op")
		})
		closePool(over)
	}
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
