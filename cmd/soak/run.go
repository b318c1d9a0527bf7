//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
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
	peaks     peaks
	waits     []watched // of each user

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
	trouble := r.finishReport(stdout)
	if status := v.status(); status != statusClean {
		if trouble != nil {
			fmt.Fprintln(stdout, "soak:", trouble)
		}
		return status, nil
	}
	return statusClean, trouble
}

// finishReport makes the page, also of samples that are not complete.
func (r *soak) finishReport(stdout io.Writer) error {
	if r.recorder == nil {
		return nil
	}
	page, err := remakeReport(r.config.reportDir)
	if err == nil {
		fmt.Fprintln(stdout, "report:", page)
	}
	if r.recorder.fail != nil {
		return r.recorder.fail
	}
	return err
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
	r.ledger.note(checkSlots, "at most %d of %d were taken", r.peaks.slots, c.slots)
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
