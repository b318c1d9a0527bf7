//go:build linux

// Package run puts a soak together and carries it out, from the flags to the
// verdict.
package run

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

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/faults"
	"github.com/slotpool/slotpool/cmd/soak/load"
	"github.com/slotpool/slotpool/cmd/soak/proc"
	"github.com/slotpool/slotpool/cmd/soak/report"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/internal/livepage"
)

// soak is one run.
type soak struct {
	config    *Config
	ledger    *check.Ledger
	live      *report.Live
	load      *load.Load
	child     *server.Child // nil with -target
	servers   server.Config // that it was given
	conductor *faults.Conductor
	proc      *proc.FS
	tcp       *proc.TCPWatch
	sampler   *sampler
	baseline  proc.Baseline
	trends    trends
	peaks     report.Peaks
	page      *livepage.Page // nil without -http
	inbound   *load.Inbound  // nil without -api inbound
	injected  injected

	recordLock sync.Mutex
	recorder   *report.Recorder
}

// Soak runs a soak and returns its exit status. The error is for what
// keeps it from running at all.
func Soak(interrupts <-chan os.Signal, c *Config, stdout io.Writer) (int, error) {
	r := &soak{config: c, live: report.NewLive(stdout, c.duration)}
	r.ledger = check.NewLedger(r.tellFailure)
	r.ledger.Injected = c.inject
	defer func() { r.child.Stop() }()
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
	r.load.Close()
	r.record(report.Record{Verdict: v})
	v.Print(stdout)
	trouble := r.finishReport(stdout)
	if status := v.Status(); status != report.StatusClean {
		if trouble != nil {
			fmt.Fprintln(stdout, "soak:", trouble)
		}
		return status, nil
	}
	return report.StatusClean, trouble
}

// finishReport makes the page, also of samples that are not complete.
func (r *soak) finishReport(stdout io.Writer) error {
	if r.recorder == nil {
		return nil
	}
	page, err := report.Remake(r.config.reportDir)
	if err == nil {
		fmt.Fprintln(stdout, "report:", page)
	}
	if fail := r.recorder.Trouble(); fail != nil {
		return fail
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
		recorder, err := report.NewRecorder(c.reportDir)
		if err != nil {
			return err
		}
		r.recorder = recorder
	}
	certificate, err := server.NewCertificate()
	if err != nil {
		return err
	}
	endpoints, err := r.startServers(dir, certificate)
	if err != nil {
		return err
	}
	if r.proc, err = proc.Open(); err != nil {
		return err
	}
	r.load = load.New(load.Config{
		Seed: c.seed, Users: c.users, Rate: c.rate, Steady: load.SteadyUsers(c.slots), Inject: c.inject, APIs: c.apis,
		Dead: r.servers.Dead, Names: r.servers.Names,
	}, endpoints, r.ledger)
	if r.load.TLS, err = certificate.ClientConfig(); err != nil {
		return err
	}
	if err := r.tryServers(endpoints); err != nil {
		return err
	}
	if r.tcp, err = proc.NewTCPWatch(kernelAddresses(endpoints)); err != nil {
		return err
	}
	r.tcp.Held = r.load.Held
	r.tcp.Forgotten = func(inode uint64, age time.Duration) {
		r.ledger.Fail(check.CloseWait, "the peer of socket %d, which is parked, closed it at least %v ago", inode, age.Round(time.Millisecond))
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
	r.load.Begin(connpool.GetResourcePool())
	r.sampler = newSampler(r.proc, r.load, r.tcp)
	// The first connection that is parked starts the watch of parked ones, which
	// stays for the life of the process.
	first := r.load.NewNow(0)
	conn, err := first.Get()
	if err != nil {
		return fmt.Errorf("first Get of %v: %w", first, err)
	}
	conn.Put()
	first.Close()
	if r.baseline, err = r.proc.Baseline(); err != nil {
		return err
	}
	if r.page, err = livepage.Open(c.http, r.load.Conns()); err != nil {
		return err
	}
	if address := r.servers.Callers.Address; address != "" {
		if r.inbound, err = r.load.NewInbound(address); err != nil {
			return err
		}
	}
	open := uint64(proc.Descriptors{ByKind: r.baseline.Descriptors}.Total())
	r.conductor = &faults.Conductor{
		Load: r.load, Child: r.child, Seed: c.seed, Limit: limit,
		ShortLimit: open + uint64(c.slots)/2, OnWindow: r.enterWindow,
	}
	return r.recorder.Write(report.Record{Run: &report.RunInfo{
		Started: time.Now(), Arguments: c.arguments, Seed: c.seed, Duration: c.duration.Seconds(),
		WarmUp: faults.WarmUp(c.duration).Seconds(), Slots: c.slots, Addresses: addresses, Users: c.users, Go: runtime.Version(),
	}})
}

// run is the soak from the first Get to the last check.
func (r *soak) run(interrupts <-chan os.Signal) (ended string) {
	c := r.config
	r.live.Say("soak: seed %d, %d slots, %d addresses, %d users, faults: %s", c.seed, c.slots, c.addresses, c.users, strings.Join(c.faults, " "))
	if r.page != nil {
		r.live.Say("look at it: %s", r.page.URL())
	}
	started := time.Now()
	r.ledger.Started, r.load.Started = started, started
	how := "ended"
	ctx, stop := context.WithDeadline(context.Background(), started.Add(c.duration))
	watching, stopWatching := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { r.watch(watching) })
	group.Go(func() { r.tcp.Run(watching, c.interval, r.ledger.Trouble) })
	group.Go(func() {
		select {
		case s := <-interrupts:
			how = fmt.Sprintf("ended early, by %v,", s)
			stop()
		case <-ctx.Done():
		}
		signal.Reset(os.Interrupt, syscall.SIGTERM) // the next one ends the process
	})
	r.load.Start()
	if r.inbound != nil {
		r.inbound.Start()
	}
	r.conductor.Run(ctx, faults.MakePlan(c.seed, c.duration, c.faults))
	r.load.AwaitUsers(c.waitLimit)
	stop()
	stopWatching()
	group.Wait()
	r.page.Close()
	r.injected.undo()
	r.quiesce()
	r.checkTrends()
	r.load.CheckBeside()
	r.ledger.Note(check.Slots, "at most %d of %d were taken", r.peaks.Slots, c.slots)
	return fmt.Sprintf("soak %s after %v, seed %d", how, time.Since(started).Round(time.Millisecond), c.seed)
}

func (r *soak) enterWindow(w faults.Window) {
	r.live.Window(w.Faults)
	at := time.Since(r.load.Started)
	_ = r.record(report.Record{Window: &report.WindowInfo{
		T: at.Seconds(), Until: (at + w.StrikeTime()).Seconds(), Selection: w.Selection, Faults: w.Faults,
	}})
}

func (r *soak) tellFailure(check string, f check.Finding) {
	r.live.Say("CHECK FAILED: %s: %s", check, firstLine(f.First))
	_ = r.record(report.Record{Failure: &report.FailureInfo{Check: check, Finding: f}})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// record writes to the report, and tells at once if that fails.
func (r *soak) record(line report.Record) error {
	r.recordLock.Lock()
	defer r.recordLock.Unlock()
	err := r.recorder.Write(line)
	if err != nil {
		r.live.Say("soak: %v; the run goes on without a report", err)
	}
	return err
}
