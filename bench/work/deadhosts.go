package work

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

const (
	deadHosts    = 10 // do not answer a SYN
	healthyHosts = 90
	healthyUsers = 8
	deadKnown    = 3 * time.Second // then it is known who is dead
)

// DeadHosts is 8 users of 90 healthy HTTP servers, who ask one at random each time,
// and 10 users of a dead host each, who ask it again and again. The figures are those
// of the healthy requests: from three seconds after the first request to a dead host on, and, beside
// them, in these seconds. open-most is how many descriptors there were at once.
func DeadHosts(b *testing.B, all []HTTPContender) {
	server := StartServer(b)
	targets := repeat(server.HTTP, healthyHosts)
	for range deadHosts {
		targets = append(targets, testkit.NewStuckDial(b).Address)
	}
	for _, slots := range []int{8, 20, 64} {
		for _, d := range []deadUsers{{name: "none"}, {"50ms", 50 * time.Millisecond}, {"hour", time.Hour}} {
			d.run(b, all, slots, targets)
		}
	}
}

// repeat returns n of all, which start again at the end.
func repeat(all []string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = all[i%len(all)]
	}
	return out
}

// deadUsers are the users of dead hosts, by how long each request of theirs waits.
type deadUsers struct {
	name     string
	patience time.Duration // 0: there are no such users
}

func (d deadUsers) run(b *testing.B, all []HTTPContender, slots int, targets []string) {
	a := axes{users: healthyUsers, slots: slots, addresses: len(targets), hold: HoldNot,
		more: "transport=tcp/request=http/dead=" + d.name}
	hosts := manyHosts(len(targets))
	for _, c := range rotated(all) {
		b.Run(a.name(c.Name()), func(b *testing.B) { // a pool each time, as what is known of the dead is in it
			dialer := &openCounter{targets: targets}
			over := c.New(HTTPShape{Slots: slots, Hosts: hosts, Dialer: dialer})
			defer closePool(over)
			for _, host := range hosts[:healthyHosts] {
				fetch(over, host)
			}
			h := newHealthy(over, hosts[:healthyHosts])
			stop := d.begin(over, hosts[healthyHosts:])
			defer stop()
			reportFirst := h.lead()
			dials := dialer.dials.Load()
			walkers(b, h.walks)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "served/s")
			b.ReportMetric(float64(dialer.dials.Load()-dials)/float64(b.N), "dials/op")
			b.ReportMetric(float64(dialer.most.Load()), "open-most")
			h.clocks.report(b)
			reportFirst(b)
		})
	}
}

// healthy are the users of healthy hosts.
type healthy struct {
	walks  []func(n int)
	clocks stopwatches
}

func newHealthy(over http.RoundTripper, hosts []string) *healthy {
	h := &healthy{clocks: newStopwatches(healthyUsers)}
	for u := range healthyUsers {
		random := rand.New(rand.NewPCG(uint64(u), 5))
		h.walks = append(h.walks, func(n int) {
			for range n {
				host := hosts[random.IntN(len(hosts))]
				h.clocks[u].time(func() { fetch(over, host) })
			}
		})
	}
	return h
}

// lead has them ask until it is known who is dead. What it returns reports on that.
func (h *healthy) lead() (report func(b *testing.B)) {
	began := time.Now()
	var served atomic.Int64
	var users sync.WaitGroup
	for _, walk := range h.walks {
		users.Go(func() {
			for time.Since(began) < deadKnown {
				walk(1)
				served.Add(1)
			}
		})
	}
	users.Wait()
	first, rate := h.clocks, float64(served.Load())/time.Since(began).Seconds()
	h.clocks = newStopwatches(healthyUsers)
	return func(b *testing.B) {
		first.reportAs(b, "first-")
		b.ReportMetric(rate, "first-served/s")
	}
}

// begin starts the users of dead hosts and returns what ends them.
func (d deadUsers) begin(over http.RoundTripper, hosts []string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var users sync.WaitGroup
	if d.patience != 0 {
		for _, host := range hosts {
			users.Go(func() {
				for ctx.Err() == nil {
					askDead(ctx, over, host, d.patience)
				}
			})
		}
	}
	return func() {
		cancel()
		users.Wait()
	}
}

func askDead(ctx context.Context, over http.RoundTripper, host string, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/", nil)
	Check(err)
	response, err := over.RoundTrip(request)
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		panic(fmt.Sprintf("the dead host %s answered: %s", host, response.Status))
	}
}

// openCounter is a countingDialer that also counts the descriptors that are open: of
// connections, and of dials that are under way.
type openCounter struct {
	targets           []string
	dials, open, most atomic.Int64
}

// deadDialTimeout is what http.DefaultTransport has.
const deadDialTimeout = 30 * time.Second

func (d *openCounter) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d *openCounter) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	target, err := targetOf(d.targets, address)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(d.targets[healthyHosts:], target) {
		d.dials.Add(1)
	}
	for now, most := d.open.Add(1), d.most.Load(); now > most && !d.most.CompareAndSwap(most, now); most = d.most.Load() {
	}
	dialer := net.Dialer{Timeout: deadDialTimeout}
	c, err := dialer.DialContext(ctx, network, target)
	if err != nil {
		d.open.Add(-1)
		return nil, err
	}
	return &openConn{TCPConn: c.(*net.TCPConn), of: d}, nil
}

type openConn struct {
	*net.TCPConn
	of     *openCounter
	closed atomic.Bool
}

func (c *openConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		defer c.of.open.Add(-1)
	}
	return c.TCPConn.Close()
}
