package connpool

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// failure is what a host remembers of dials that failed, until it is forgotten.
// Until then the host stays in the table with nothing else in it: its group
// knows that the address may be dead, and lets it have few slots.
type failure struct {
	err    error
	times  int       // in a row; 0: there is none
	noted  time.Time // when it was counted last
	next   time.Time // before it no Get dials, if there is a Backoff
	forget time.Time
}

// failing are the hosts of a shard of the table that remember a failure. Each
// has a reference for that. They have a limit, so that a program that visits many
// dead addresses once does not keep them all; a failure that was forgotten lets
// a Get dial, nothing worse.
type failing struct {
	hosts []*host
	limit int
}

// What is remembered at most: some for each shard, and some for each slot.
const (
	failuresPerShard = 16
	slotsPerFailure  = 2
)

func (t *hostTable) limitFailures(slots uint) {
	for i := range t.shards {
		t.shards[i].limit = failuresPerShard + int(slots/slotsPerFailure/tableShards)
	}
}

// untroubled is how long a failure is remembered without a Backoff.
const untroubled = 30 * time.Second

// backoff returns the error of a Get that may not dial yet, or nil.
func (h *host) backoff() error {
	if h.pool.settings.Backoff == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := &h.failed
	if f.times == 0 || !time.Now().Before(f.next) {
		return nil
	}
	return &BackoffError{Network: h.network, Address: h.address, Next: f.next, Err: f.err}
}

// noteDial remembers a failure and forgets it after a success. Of dials that
// ran at once only one counts, lest a burst wait as long as many tries. The
// caller has a reference.
func (h *host) noteDial(began time.Time, err error) {
	h.mu.Lock()
	f := &h.failed
	before := f.times
	switch {
	case err == nil:
		*f = failure{}
	case before == 0 || !began.Before(f.noted):
		f.count(h.pool.settings.Backoff, err, time.Now())
	}
	h.mu.Unlock()
	switch t := &h.pool.hosts; {
	case err == nil && before != 0:
		t.recover(h)
	case err != nil && before == 0:
		t.fail(h)
		h.pool.ages.arm(h.pool.ages.failures)
	}
}

// unanswered is what a dial may take that makes nobody suspect; the same as in resourcepool.
const unanswered = time.Second

var errUnanswered = errors.New("connpool: a dial was given up, as it had no answer for long")

// noteUnanswered remembers that a dial was cancelled after a long time. Without that the host
// would be forgotten when its Gets have left, and its next dials would be taken for those of
// a healthy one. It stops no Get from dialling, as a failure does if there is a Backoff.
func (h *host) noteUnanswered() {
	h.mu.Lock()
	f := &h.failed
	first := f.times == 0
	if first {
		f.count(nil, errUnanswered, time.Now())
	}
	h.mu.Unlock()
	if first {
		h.pool.hosts.fail(h)
		h.pool.ages.arm(h.pool.ages.failures)
	}
}

func (f *failure) count(b *Backoff, err error, now time.Time) {
	f.err = err
	f.noted = now
	f.times++
	if b == nil {
		f.forget = now.Add(untroubled)
		return
	}
	delay := b.delay(f.times)
	f.next = now.Add(delay)
	f.forget = f.next.Add(delay) // until then the next one counts on
}

// delay is how long after the nth failure in a row no Get dials.
func (b *Backoff) delay(n int) time.Duration {
	const most = math.MaxInt64 / 4 // that may be added to any time
	d := min(float64(b.Base)*math.Pow(b.Factor, float64(n-1)), float64(b.Max), most)
	return time.Duration(d * (1 + b.Jitter*(2*rand.Float64()-1)))
}

// fail puts a host among the failing ones, and makes room for it. A host that is
// there already stays as it is: a success and a failure may have overtaken each other.
func (t *hostTable) fail(h *host) {
	s := t.shard(h.hash)
	var dropped *host
	s.mu.Lock()
	if h.failingAt == 0 {
		if len(s.hosts) >= s.limit {
			dropped = s.soonestForgotten()
			s.drop(dropped)
		}
		h.refer() // cannot fail: the caller has a reference
		s.hosts = append(s.hosts, h)
		h.failingAt = len(s.hosts)
	}
	s.mu.Unlock()
	if dropped != nil {
		dropped.forget()
		dropped.unrefer()
	}
}

func (t *hostTable) recover(h *host) {
	s := t.shard(h.hash)
	s.mu.Lock()
	there := h.failingAt != 0
	if there {
		s.drop(h)
	}
	s.mu.Unlock()
	if there {
		h.unrefer()
	}
}

// drop takes a host off the failing ones. The lock is held; the reference is
// the caller's to give up after that.
func (s *failing) drop(h *host) {
	last := len(s.hosts) - 1
	s.hosts[h.failingAt-1] = s.hosts[last]
	s.hosts[h.failingAt-1].failingAt = h.failingAt
	s.hosts[last] = nil
	s.hosts = s.hosts[:last]
	h.failingAt = 0
	if last == 0 {
		s.hosts = nil // memory follows use
	}
}

// soonestForgotten returns that of a few at random. The lock is held.
func (s *failing) soonestForgotten() (soonest *host) {
	const sample = 8
	var first time.Time
	for range sample {
		h := s.hosts[rand.IntN(len(s.hosts))]
		if at := h.forgetAt(); soonest == nil || at.Before(first) {
			soonest, first = h, at
		}
	}
	return soonest
}

func (h *host) forgetAt() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed.forget
}

func (h *host) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = failure{}
}

// forgetAll is forget whatever the time.
func (t *hostTable) forgetAll() { t.forget(time.Unix(1<<40, 0)) }

// forget drops the failures that are past. It reports whether some are left.
func (t *hostTable) forget(now time.Time) (some bool) {
	for i := range t.shards {
		s := &t.shards[i]
		var past []*host
		s.mu.Lock()
		for j := len(s.hosts) - 1; j >= 0; j-- {
			if h := s.hosts[j]; !now.Before(h.forgetAt()) {
				s.drop(h)
				past = append(past, h)
			}
		}
		some = some || len(s.hosts) > 0
		s.mu.Unlock()
		for _, h := range past {
			h.forget()
			h.unrefer()
		}
	}
	return some
}
