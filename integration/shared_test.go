package integration

import (
	"context"
	"math/rand/v2"
	"net"
	"net/rpc"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// The trial: users call servers, some of which are asked far more than others, over
// net/rpc with fewer slots than servers. It runs on synctest's clock, so
// that the figures are those of the pool and not of the machine: only dials and
// the servers' work take time.
const (
	trialServers = 500
	trialSlots   = 64
	trialUsers   = 125
	trialLength  = 5 * time.Second
	trialDial    = 10 * time.Millisecond
	trialWork    = 20 * time.Millisecond // of a call, on average
	trialSkew    = 1.1                   // of the zipf distribution,
	trialFlat    = 10                    // the first of which are about as popular
)

// Work is the service of the trial.
type Work struct{}

// Do takes so long.
func (Work) Do(d time.Duration, _ *struct{}) error {
	time.Sleep(d)
	return nil
}

// trialClient is a net/rpc client over a pipe to a server of its own.
type trialClient struct {
	server *rpc.Server
	client *rpc.Client
	serves chan struct{}
}

func (c *trialClient) Allocate() error {
	time.Sleep(trialDial)
	here, there := net.Pipe()
	serves := make(chan struct{})
	go func() {
		c.server.ServeConn(there)
		close(serves)
	}()
	c.client, c.serves = rpc.NewClient(here), serves
	return nil
}

func (c *trialClient) Release() error {
	err := c.client.Close()
	<-c.serves
	return err
}

// trial is the outcome.
type trial struct {
	calls         int
	median, worst time.Duration // of a call with its wait; worst is the 99th percentile
	idle, waiting float64       // slots, and users who wait for a client or its dial, on average
}

// trialLog is how many users wait, and how long the calls took.
type trialLog struct {
	mu    sync.Mutex
	waits int
	took  []time.Duration
}

func (l *trialLog) wait(more int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waits += more
	return l.waits
}

func (l *trialLog) call(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took)
}

// runTrial runs one in which get returns how a user gets hold of a client.
func runTrial(t *testing.T, get func(*resourcepool.Resource) func() (put func(), err error)) (out trial) {
	synctest.Test(t, func(t *testing.T) {
		server := rpc.NewServer()
		if err := server.Register(Work{}); err != nil {
			t.Fatal(err)
		}
		pool := resourcepool.New(trialSlots, "")
		clients := make([]*trialClient, trialServers)
		gets := make([]func() (func(), error), trialServers)
		for i := range clients {
			clients[i] = &trialClient{server: server}
			gets[i] = get(pool.Create(clients[i]))
		}
		var seen trialLog
		began := time.Now()
		var users sync.WaitGroup
		for user := range trialUsers {
			random := rand.New(rand.NewPCG(1, uint64(user)))
			zipf := rand.NewZipf(random, trialSkew, trialFlat, trialServers-1)
			users.Go(func() {
				for time.Since(began) < trialLength {
					start, i := time.Now(), zipf.Uint64()
					seen.wait(1)
					put, err := gets[i]()
					seen.wait(-1)
					if err != nil {
						t.Error(err)
						return
					}
					work := time.Duration(float64(trialWork) * random.ExpFloat64())
					if err := clients[i].client.Call("Work.Do", work, new(struct{})); err != nil {
						t.Error(err)
					}
					put()
					seen.call(time.Since(start))
				}
			})
		}
		looks := 0
		for time.Since(began) < trialLength {
			time.Sleep(trialDial)
			out.waiting += float64(seen.wait(0))
			out.idle += float64(pool.Stats().Idle)
			looks++
		}
		users.Wait()
		pool.ReleaseIdle(trialSlots)
		took := seen.took
		slices.Sort(took)
		out.calls, out.median, out.worst = len(took), took[len(took)/2], took[len(took)*99/100]
		out.idle /= float64(looks)
		out.waiting /= float64(looks)
	})
	return out
}

// Exclusive use leaves slots idle while users wait for the clients that all want. A
// counted lease lets them call at once.
func TestSharedServesMoreThanExclusiveUse(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	exclusive := runTrial(t, func(r *resourcepool.Resource) func() (func(), error) {
		return func() (func(), error) { return r.Put, r.GetContext(context.Background()) }
	})
	leased := runTrial(t, func(r *resourcepool.Resource) func() (func(), error) {
		shared := resourcepool.NewShared(r, 0)
		return func() (func(), error) {
			lease, err := shared.GetContext(context.Background())
			return lease.Put, err
		}
	})
	for _, o := range []struct {
		name string
		trial
	}{{"exclusive", exclusive}, {"leased", leased}} {
		t.Logf("%9s: %6d calls, median %v, 99th percentile %v, on average %.1f slots idle and %.1f users waiting",
			o.name, o.calls, o.median.Round(time.Millisecond), o.worst.Round(time.Millisecond), o.idle, o.waiting)
	}
	if leased.calls < exclusive.calls*7/5 {
		t.Errorf("%d calls with leases, %d without", leased.calls, exclusive.calls)
	}
	if leased.worst > exclusive.worst/2 {
		t.Errorf("99th percentile: %v with leases, %v without", leased.worst, exclusive.worst)
	}
	if leased.waiting >= exclusive.waiting {
		t.Errorf("%.1f users wait with leases, %.1f without", leased.waiting, exclusive.waiting)
	}
}
