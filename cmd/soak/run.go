//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// soak is one run.
type soak struct {
	config    *config
	ledger    *ledger
	live      *live
	load      *load
	child     *child // nil with -target
	conductor *conductor
	proc      *procFS
	tcp       *tcpWatch
	sampler   *sampler
	baseline  baseline
	trends    trends
	peakSlots uint

	recordLock sync.Mutex
	recorder   *recorder
}

// soakWith runs a soak and returns its exit status. The error is for what
// keeps it from running at all.
func soakWith(interrupts <-chan os.Signal, c *config, stdout io.Writer) (int, error) {
	r := &soak{config: c, live: newLive(stdout, c.duration)}
	r.ledger = newLedger(r.tellFailure)
	defer func() { r.child.stop() }()
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := r.prepare(dir); err != nil {
		return 0, err
	}
	ended := r.run(interrupts)
	v := r.report(ended)
	r.record(record{Verdict: v})
	v.print(stdout)
	if r.recorder != nil {
		page, err := remakeReport(c.reportDir)
		if err != nil {
			return 0, err
		}
		fmt.Fprintln(stdout, "report:", page)
	}
	if status := v.status(); status != statusClean {
		return status, nil
	}
	if r.recorder != nil && r.recorder.fail != nil {
		return 0, r.recorder.fail
	}
	return statusClean, nil
}

// prepare makes everything that is there before the first Get, in the order
// that the baseline and the size of the pool need.
func (r *soak) prepare(dir string) error {
	c := r.config
	if err := checkLimit(c.slots, c.addresses, c.target == ""); err != nil {
		return err
	}
	if c.reportDir != "" {
		recorder, err := newRecorder(c.reportDir)
		if err != nil {
			return err
		}
		r.recorder = recorder
	}
	certificate, err := newCertificate()
	if err != nil {
		return err
	}
	endpoints, err := r.startServers(dir, certificate)
	if err != nil {
		return err
	}
	if r.proc, err = openProc(); err != nil {
		return err
	}
	r.load = newLoad(c, endpoints, r.ledger)
	if r.load.tls, err = certificate.clientConfig(); err != nil {
		return err
	}
	if err := r.tryServers(endpoints); err != nil {
		return err
	}
	if r.tcp, err = newTCPWatch(kernelAddresses(endpoints)); err != nil {
		return err
	}
	return r.preparePool(len(endpoints))
}

// preparePool makes the pool, which counts what is open by then, and takes the
// baseline.
func (r *soak) preparePool(addresses int) error {
	c := r.config
	limit, err := makePool(c.slots)
	if err != nil {
		return err
	}
	r.load.pool = connpool.GetResourcePool()
	r.sampler = newSampler(r.proc, r.load, r.tcp)
	if r.baseline, err = r.proc.baseline(); err != nil {
		return err
	}
	open := uint64(descriptors{byKind: r.baseline.descriptors}.total())
	r.conductor = &conductor{
		load: r.load, child: r.child, seed: c.seed, limit: limit,
		shortLimit: open + uint64(c.slots)/2, onWindow: r.enterWindow,
	}
	return r.recorder.write(record{Run: &runInfo{
		Started: time.Now(), Arguments: c.arguments, Seed: c.seed, Duration: c.duration.Seconds(),
		WarmUp: warmUp(c.duration).Seconds(), Slots: c.slots, Addresses: addresses, Users: c.users, Go: runtime.Version(),
	}})
}

func newLoad(c *config, endpoints []endpoint, ledger *ledger) *load {
	l := &load{
		ledger: ledger, inject: c.inject, chooser: newChooser(len(endpoints)),
		pacer: pacer{rate: c.rate, swing: 0.5, period: time.Minute, users: c.users},
		gets:  newLatency(), dials: newLatency(), requests: newLatency(),
		stopped: make(chan struct{}), abandoned: make(chan struct{}),
	}
	for i, e := range endpoints {
		l.sites = append(l.sites, newSite(i, e))
	}
	for id := range c.users {
		i := len(endpoints) + id
		l.addUser(id, c.seed, newSite(i, endpoints[i%len(endpoints)]))
	}
	first := selectZipf
	l.selection.Store(&first)
	return l
}

// sites are all sites: the shared ones and those of one user each.
func (r *soak) sites() []*site {
	all := append([]*site(nil), r.load.sites...)
	for _, u := range r.load.users {
		all = append(all, u.private)
	}
	return all
}

const portTries = 20

// startServers returns the endpoints, with the soak's own servers behind them
// unless the user named some.
func (r *soak) startServers(dir string, cert certificate) ([]endpoint, error) {
	c := r.config
	if c.target != "" {
		return targetEndpoints(c.addresses, c.target)
	}
	ipv6 := hasIPv6()
	for try := 1; ; try++ {
		port := c.port
		if port == 0 {
			port = randomPort(c.addresses)
		}
		endpoints := localEndpoints(c.addresses, port, dir, ipv6)
		child, err := startChild(serverConfig{Endpoints: endpoints, Certificate: cert})
		if err == nil {
			r.child = child
			return endpoints, nil
		}
		var s *startupError
		if !errors.As(err, &s) || !s.portInUse {
			return nil, err
		}
		if c.port != 0 {
			return nil, fmt.Errorf("-port %d: %w", c.port, err)
		}
		if try == portTries {
			return nil, fmt.Errorf("no free port in %d tries: %w", try, err)
		}
	}
}

// tryServers makes one request at each server, without the pool. What the Go
// runtime opens at a first dial is thereby open before the baseline.
func (r *soak) tryServers(endpoints []endpoint) error {
	tried := map[endpoint]bool{}
	request := make([]byte, 100)
	fillFrame(request, 0, 0, 0)
	for i, e := range endpoints {
		if tried[e] || r.child != nil && i >= 10 {
			continue // of our own servers, one of each kind will do
		}
		tried[e] = true
		conn, err := (&dialer{load: &load{tls: r.load.tls, ledger: r.ledger}, site: r.load.sites[i]}).connect(e.Network, e.Address)
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(dialTimeout))
			err = exchange(conn, request, make([]byte, len(request)))
			conn.Close()
		}
		if err != nil && r.child == nil {
			return fmt.Errorf("-target %s is no echo server to be reached: %w", e.Address, err)
		}
		if err != nil {
			return fmt.Errorf("own server at %v: %w", e, err)
		}
	}
	return nil
}

func kernelAddresses(endpoints []endpoint) map[string]bool {
	all := map[string]bool{}
	for _, e := range endpoints {
		if e.Network != "tcp" {
			continue
		}
		if a, err := net.ResolveTCPAddr("tcp", e.Address); err == nil {
			all[kernelAddress(a)] = true
		}
	}
	return all
}

// run is the soak from the first Get to the last check.
func (r *soak) run(interrupts <-chan os.Signal) (ended string) {
	c := r.config
	r.live.say("soak: seed %d, %d slots, %d addresses, %d users, faults: %s", c.seed, c.slots, c.addresses, c.users, strings.Join(c.faults, " "))
	started := time.Now()
	r.ledger.started, r.load.started = started, started
	how := "ended"
	ctx, stop := context.WithDeadline(context.Background(), started.Add(c.duration))
	watching, stopWatching := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { r.watch(watching) })
	group.Go(func() { r.tcp.run(watching, c.interval, r.ledger.trouble) })
	group.Go(func() {
		select {
		case s := <-interrupts:
			how = fmt.Sprintf("ended early, by %v,", s)
			stop()
		case <-ctx.Done():
		}
		signal.Reset(os.Interrupt, syscall.SIGTERM) // the next one ends the process
	})
	r.load.start()
	r.conductor.run(ctx, makePlan(c.seed, c.duration, c.faults))
	r.load.awaitUsers(c.waitLimit)
	stop()
	stopWatching()
	group.Wait()
	r.quiesce()
	r.checkTrends()
	r.ledger.note(checkSlots, "at most %d of %d were taken", r.peakSlots, c.slots)
	return fmt.Sprintf("soak %s after %v, seed %d", how, time.Since(started).Round(time.Millisecond), c.seed)
}

func (r *soak) enterWindow(w window) {
	r.live.window(w)
	at := time.Since(r.load.started)
	_ = r.record(record{Window: &windowInfo{
		T: at.Seconds(), Until: (at + w.strikeTime()).Seconds(), Selection: w.Selection, Faults: w.Faults,
	}})
}

func (r *soak) tellFailure(check string, f finding) {
	r.live.say("CHECK FAILED: %s: %s", check, firstLine(f.First))
	_ = r.record(record{Failure: &failureInfo{check, f}})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// record writes to the report, and tells at once if that fails.
func (r *soak) record(line record) error {
	r.recordLock.Lock()
	defer r.recordLock.Unlock()
	err := r.recorder.write(line)
	if err != nil {
		r.live.say("soak: %v; the run goes on without a report", err)
	}
	return err
}
