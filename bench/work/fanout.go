package work

import (
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
)

const (
	fanoutAddresses = 10_000
	fanoutSkew      = 0.9    // of the zipf distribution
	fanoutWarmUp    = 20_000 // cycles until the slots hold what they tend to
)

// Fanout is 64 users who talk to 10,000 addresses, some far more often than
// others, with a tenth as many slots. Each cycle makes a request. The figure
// beside the time is how many dials a cycle took.
func Fanout(b *testing.B, all []ConnContender) {
	server := StartServer(b)
	dialer := &countingDialer{targets: server.Plain}
	s := ConnShape{
		Slots:     processSlots(),
		Addresses: manyHosts(fanoutAddresses),
		Dialer:    dialer,
		Check:     true,
		Keyed:     true,
	}
	a := axes{users: crowdUsers, slots: s.Slots, addresses: fanoutAddresses, hold: HoldNot,
		more: "transport=tcp/request=64B/zipf=" + strconv.FormatFloat(fanoutSkew, 'g', -1, 64)}
	r := replay{trace: fanoutTrace(), dialer: dialer}
	each(b, all, a, s, func(b *testing.B, p ConnPool) {
		r.run(b, crowdUsers, p, func(address int) {
			l := p.Get(address)
			echo(l)
			p.Put(l)
		})
	})
}

func fanoutTrace() []int { return zipf(fanoutAddresses, fanoutSkew, 1<<17) }

// replay has users visit the addresses of a trace, one after the other, and
// counts the dials.
type replay struct {
	trace  []int
	dialer *countingDialer
	warm   any           // the pool that has been warmed up
	next   atomic.Uint64 // goes on from run to run, so that no run repeats one
}

func (r *replay) run(b *testing.B, users int, pool any, visit func(address int)) {
	if r.warm != pool {
		start := r.trace[:min(len(r.trace), fanoutWarmUp)]
		for _, address := range start {
			visit(address)
		}
		r.warm = pool
		r.next.Store(uint64(len(start)))
	}
	dials := r.dialer.dials.Load()
	compete(b, users, nil, func(int) { visit(r.trace[r.next.Add(1)%uint64(len(r.trace))]) })
	b.ReportMetric(float64(r.dialer.dials.Load()-dials)/float64(b.N), "dials/op")
}

// countingDialer connects each of many made-up addresses to one of a few
// servers, chosen by the port.
type countingDialer struct {
	targets []string
	bare    net.Dialer
	dials   atomic.Uint64
}

func (d *countingDialer) Dial(network, address string) (net.Conn, error) {
	d.dials.Add(1)
	target, err := targetOf(d.targets, address)
	if err != nil {
		return nil, err
	}
	return d.bare.Dial(network, target)
}

// targetOf is the server that a made-up address is connected to.
func targetOf(targets []string, address string) (string, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	i, err := strconv.Atoi(port)
	if err != nil {
		return "", err
	}
	return targets[i%len(targets)], nil
}

// zipf draws length of n addresses, the k-th most popular in proportion to
// k to the power of -skew. The generator in math/rand wants a skew above 1.
func zipf(n int, skew float64, length int) []int {
	sums := make([]float64, n)
	sum := 0.0
	for k := range sums {
		sum += math.Pow(float64(k+1), -skew)
		sums[k] = sum
	}
	random := rand.New(rand.NewPCG(3, 4))
	names := random.Perm(n) // popular ones are not neighbours
	trace := make([]int, length)
	for i := range trace {
		k, _ := slices.BinarySearch(sums, random.Float64()*sum)
		trace[i] = names[min(k, n-1)]
	}
	return trace
}
