package connpool

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
	"github.com/slotpool/slotpool/internal/lapse"
	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

// gate is what every dial of this package goes through, whoever it is for. It
// keeps the descriptors of all dials within the limit of the process. A dial
// comes to it with its slot in hand, which stands for one descriptor.
//
//  1. A dial by name needs a second descriptor, and waits for a permit for it
//     (gate_permits.go).
//  2. The dial runs. Its look-up is counted socket by socket (gate_lookup.go).
//  3. If there was no descriptor for it, idle connections are evicted until there
//     is one. Then it runs again (emfile.go).
type gate struct {
	permits   permits
	names     slowNames
	lookups   lookups
	relief    relief
	limitSeen atomic.Int64 // when, since start
	flying    atomic.Int64 // dials that have a slot and perhaps no descriptor yet
}

// theGate is one for the process, as the limit is.
var theGate = newGate()

func init() {
	dialgate.Dial = func(ctx context.Context, network, address string, d dialFunc, slots *resourcepool.Pool, clock *dialgate.Clock) (net.Conn, error) {
		return theGate.dial(ctx, network, address, d, dialOptions{pool: slots, clock: clock})
	}
}

func newGate() *gate {
	g := &gate{}
	g.permits.total, g.permits.unseen = leastPermits, lapse.New(longestUnseen)
	g.lookups.permits = &g.permits
	g.relief.evicting = make(chan struct{}, 1)
	return g
}

// dialFunc is DialContext of net.Dialer, and like it.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialOptions is how one caller of the gate differs from another.
type dialOptions struct {
	pool  *resourcepool.Pool // has the slot; its idle connections make room
	clock *dialgate.Clock    // is told when each run begins; may be nil

	// timeout is how long each run of the dial may take, by its context, and for
	// how long to go on while there are no descriptors. 0: no limit. Waiting for
	// permits takes nothing from it.
	timeout time.Duration

	// late is the cause of the context of a run that has taken that long. nil:
	// context.DeadlineExceeded.
	late error

	// cancel is the canceler of a Get that has no context. The gate watches it only
	// where it waits, as it does the context. A canceler that is ready at the start is
	// immediate: the Get then waits for its permits, which come, but for no descriptor.
	// spoken says that the canceler ended the wait for the slot, which has perhaps
	// taken its message. Then it is immediate too, and is not looked at again.
	cancel <-chan struct{}
	spoken bool

	// ours says that the dial is ownDial's, or one like it that does not use
	// the pool and has its look-ups counted by theGate.resolver.
	ours bool

	// starved is told what a run met that got no descriptor, while the dial waits for one. It may
	// be nil.
	starved *starvation

	// verbatim has the last error of the dial returned as it is, also where
	// there was no descriptor.
	verbatim bool
}

// begins is called before each run, starves after one that got no descriptor.
func (o *dialOptions) begins() {
	o.clock.Begin()
	o.starved.set(nil)
}

func (o *dialOptions) starves(err error) {
	o.clock.Wait()
	o.starved.set(err)
}

// resolver is for the dials whose look-ups shall be counted.
func (g *gate) resolver() *net.Resolver { return g.lookups.current() }

// longestUnseen is how long a dial of a caller keeps its permits: as long as
// package net looks up a name of which no server knows, by what resolv.conf(5) has
// for defaults. A caller's dial may Get other connections of the pool, say to a proxy,
// while those who hold the slots for them wait for its permits.
const longestUnseen = 10 * time.Second

// attempt is the state of one dial.
type attempt struct {
	end    canceler
	permit permit // unused if there is nothing to look up
	wait   patience
}

// dial calls d, at least once, on the caller's goroutine, and again while there
// is no descriptor for it. If its context or canceler speaks while it waits for
// permits, the error is resourcepool.ErrorResourceLimitExceeded, to errors.Is with
// that of the context. A panic of d passes through.
func (g *gate) dial(ctx context.Context, network, address string, d dialFunc, o dialOptions) (net.Conn, error) {
	g.flying.Add(1)
	defer g.flying.Add(-1)
	o.clock.Wait()
	g.relief.pools.add(o.pool)
	a := &attempt{end: canceler{channel: o.cancel, ctx: ctx, looked: o.spoken, spoken: o.spoken, immediate: o.spoken}}
	name := nameIn(network, address)
	var w *permit
	if name != "" {
		w = &a.permit
		w.of, w.n, w.slow = &g.permits, 2, g.names.has(name)
		if err := g.enter(w, &a.end); err != nil {
			return nil, err
		}
		defer g.permits.end(w)
		if !o.ours {
			g.permits.unseen.Add(&w.unseen, w)
			defer g.permits.unseen.Remove(&w.unseen)
		}
		ctx = context.WithValue(ctx, permitKey{}, w)
	}
	a.wait = newPatience(o.timeout, &a.end)
	for {
		o.begins()
		conn, err := run(ctx, d, network, address, &o)
		if name != "" {
			g.names.set(name, lookupTimedOut(err))
		}
		if err == nil {
			return conn, nil
		}
		starved, sure := g.starved(w, err)
		if !starved || a.wait.last && !sure {
			return conn, err
		}
		o.starves(err)
		if !g.relief.wait(o.pool, needs(w), &a.wait) {
			if o.verbatim {
				return conn, err
			}
			return conn, newStarvedError(ctx, network, address, err, o.pool)
		}
		if !isNil(conn) {
			conn.Close() // nobody else knows of it
		}
	}
}

// run is one run of a dial.
func run(ctx context.Context, d dialFunc, network, address string, o *dialOptions) (net.Conn, error) {
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, o.late)
		defer cancel()
	}
	return d(ctx, network, address)
}

// enter waits for the permits of a dial. Who will not leave lends its slot.
func (g *gate) enter(w *permit, end *canceler) error {
	if !g.limitIsFresh() {
		g.lookAtLimit()
	}
	if g.permits.enter(w) {
		return nil
	}
	g.lookAtLimit() // it may have been raised since
	select {
	case <-w.granted:
		return nil
	default:
	}
	if end.look() {
		g.permits.leave(w)
		return resourcepool.ErrorResourceLimitExceeded
	}
	if end.stays() {
		g.permits.lend(w)
	}
	select {
	case <-w.granted:
		return nil
	case <-end.ctx.Done():
		g.permits.leave(w)
		return &permitError{end.ctx.Err(), context.Cause(end.ctx)}
	case <-end.watched():
		g.permits.leave(w)
		return resourcepool.ErrorResourceLimitExceeded
	}
}

// limitEvery is how often the limit on descriptors, which may change at any time, is looked at
// for permits that are there. Each time it is a system call.
const limitEvery = 10 * time.Millisecond

// start is for times that are kept in a word.
var start = time.Now()

func (g *gate) limitIsFresh() bool {
	now, last := int64(time.Since(start)), g.limitSeen.Load()
	return last != 0 && now-last < int64(limitEvery) && now >= last
}

func (g *gate) lookAtLimit() {
	now := int64(time.Since(start))
	limit, err := sysnet.FDLimit()
	if err != nil {
		limit = unknownLimit
	}
	g.permits.setTotal(permitsFor(limit))
	g.limitSeen.Store(now) // now that it counts
}

// permitError is for a context that ended while its Get waited for permits.
type permitError struct{ ctx, cause error }

func (e *permitError) Error() string {
	return "connpool: waiting for descriptors to look a name up with: " + e.cause.Error()
}

func (e *permitError) Unwrap() []error {
	return []error{resourcepool.ErrorResourceLimitExceeded, e.ctx, e.cause}
}

func (e *permitError) Timeout() bool { return errors.Is(e.ctx, context.DeadlineExceeded) }

// nameIn returns the host of an address if it is a name, which a dial has to
// look up. What makes no sense opens nothing: package net says so.
func nameIn(network, address string) string {
	if len(network) < 3 || network[:3] != "tcp" && network[:3] != "udp" {
		return ""
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	if mayBeIP(host) {
		if _, err := netip.ParseAddr(host); err == nil {
			return ""
		}
	}
	return host
}

// mayBeIP is false for what begins like a name. To have it parsed would cost an error.
func mayBeIP(host string) bool {
	return host != "" && '0' <= host[0] && host[0] <= '9' || strings.Contains(host, ":")
}

// lookupTimedOut says that no name server has answered.
func lookupTimedOut(err error) bool {
	if err == nil {
		return false // e would be allocated
	}
	var e *net.DNSError
	return errors.As(err, &e) && e.IsTimeout
}

// starved says that a dial failed for want of a descriptor. It knows by what the error is
// or says, or by what the look-up met. Where package net may hide it, starved tries to open as
// many descriptors as a dial needs. Package net hides it in the error of a look-up. And if one
// of two look-ups, or of two racers, got none, the error is what the other met.
//
// The latter is not sure: the table may have filled up since. The time-out of a race in which
// one racer had no socket is found out only when all of its time has passed. So a dial whose
// time is over gets one more chance by it, and what that meets is taken for what it looks like.
func (g *gate) starved(w *permit, err error) (starved, sure bool) {
	if w != nil && g.permits.hasStarved(w) || noDescriptor(err) || hidesNoDescriptor(err) {
		return true, true
	}
	var dns *net.DNSError
	if w == nil && !errors.As(err, &dns) {
		return false, false
	}
	return noDescriptor(haveFDs(needs(w))), false
}

// needs is how many descriptors a dial has at once.
func needs(w *permit) uint {
	if w == nil {
		return 1
	}
	return 2
}
