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
	deadPatience = 50 * time.Millisecond // of a request to a dead host, of those that give up soon
	deadKnown    = 5 * time.Second       // after so long what is dead is known, as far as it ever is
)

// DeadHosts is 8 users of 90 healthy HTTP servers, who ask one at random each time,
// and 10 users of a dead host each, who ask it again and again. The figures are those
// of the healthy requests, and how many descriptors the connections and dials had.
func DeadHosts(b *testing.B, all []HTTPContender) {
	server := StartServer(b)
	var silent []string
	for range deadHosts {
		silent = append(silent, testkit.NewStuckDial(b).Address)
	}
	for _, slots := range []int{8, 20, 64} {
		for _, w := range []deadWork{
			{traffic: "none"},
			{traffic: "patience=50ms", patience: deadPatience},
			{traffic: "patience=50ms/since=5s", patience: deadPatience, lead: deadKnown},
			{traffic: "patience=none", patience: time.Hour},
			{traffic: "patience=none/since=5s", patience: time.Hour, lead: deadKnown},
		} {
			w.run(b, all, slots, slices.Concat(repeat(server.HTTP, healthyHosts), silent))
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

// deadWork is what the users of dead hosts do.
type deadWork struct {
	traffic  string
	patience time.Duration // of a request to a dead host; 0: there are no such requests
	lead     time.Duration // how long before the clock starts they begin
}

func (w deadWork) run(b *testing.B, all []HTTPContender, slots int, targets []string) {
	a := axes{users: healthyUsers, slots: slots, addresses: len(targets), hold: HoldNot, more: "transport=tcp/request=http/dead=" + w.traffic}
	hosts := manyHosts(len(targets))
	for _, c := range rotated(all) {
		b.Run(a.name(c.Name()), func(b *testing.B) { // a pool of its own each, as what is known of the dead is in it
			dialer := &openCounter{targets: targets}
			over := c.New(HTTPShape{Slots: slots, Hosts: hosts, Dialer: dialer})
			defer closePool(over)
			for _, host := range hosts[:healthyHosts] {
				fetch(over, host)
			}
			stop := w.begin(over, hosts[healthyHosts:])
			defer stop()
			dialer.most.Store(0)
			dials := dialer.dials.Load()
			clocks := newStopwatches(healthyUsers)
			walks := make([]func(int), healthyUsers)
			for u := range walks {
				random := rand.New(rand.NewPCG(uint64(u), 5))
				walks[u] = func(n int) {
					for range n {
						host := hosts[random.IntN(healthyHosts)]
						clocks[u].time(func() { fetch(over, host) })
					}
				}
			}
			walkers(b, walks)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "served/s")
			b.ReportMetric(float64(dialer.dials.Load()-dials)/float64(b.N), "dials/op")
			b.ReportMetric(float64(dialer.most.Load()), "open-most")
			clocks.report(b)
		})
	}
}

// begin starts the users of dead hosts and returns what ends them.
func (w deadWork) begin(over http.RoundTripper, hosts []string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var users sync.WaitGroup
	if w.patience != 0 {
		for _, host := range hosts {
			users.Go(func() {
				for ctx.Err() == nil {
					askDead(ctx, over, host, w.patience)
				}
			})
		}
		time.Sleep(w.lead)
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
