package work

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// stormUsers are as many as the processors can do, and more.
var stormUsers = []int{5000, 15000}

const (
	stormPatience = 20 * time.Millisecond
	stormPatient  = 20
	stormSlots    = 64
	stormHold     = time.Millisecond
)

// A StormPool is a pool whose users give up.
type StormPool interface {
	// Patron returns what the i-th of the users uses it with.
	Patron(i int) Patron
}

// Patron is one user of a StormPool. Get reports whether it was served before
// the context ended; Put follows each Get that was.
type Patron interface {
	Get(ctx context.Context) bool
	Put()
}

// StormShape is what a storm asks of a pool.
type StormShape struct{ Slots, Users int }

// StormContender is a kind of StormPool.
type StormContender interface {
	Name() string
	New(StormShape) StormPool
}

// NamedStorm makes a StormContender of a function.
func NamedStorm(name string, make func(StormShape) StormPool) StormContender {
	return named[StormShape, StormPool]{name, make}
}

// Storm is 5000 or 15,000 users who give up after 20 ms and come again at once, and 20 who
// do not give up. They share 64 slots, each of which is held for 1 ms: many times more
// users than can be served. One cycle is a Get that was served, whoever's it was.
// How long the patient ones wait is told beside it.
func Storm(b *testing.B, all []StormContender) {
	for _, users := range stormUsers {
		stormOf(b, all, StormShape{Slots: stormSlots, Users: users + stormPatient})
	}
}

func stormOf(b *testing.B, all []StormContender, s StormShape) {
	a := axes{users: s.Users, slots: s.Slots, addresses: s.Users, hold: Hold{"1ms", func() { time.Sleep(stormHold) }},
		more: "patience=" + stormPatience.String()}
	each(b, all, a, s, func(b *testing.B, p StormPool) {
		r := &storm{hold: a.hold.keep, done: make(chan struct{}), clocks: newStopwatches(stormPatient)}
		var users sync.WaitGroup
		for i := range s.Users {
			u := p.Patron(i)
			if i < stormPatient {
				users.Go(func() { r.patient(u, r.clocks[i]) })
			} else {
				users.Go(func() { r.impatient(u) })
			}
		}
		time.Sleep(5 * stormPatience) // until they are in full swing
		b.ResetTimer()
		r.last.Store(r.served.Load() + int64(b.N))
		<-r.done
		b.StopTimer()
		r.over.Store(true)
		users.Wait()
		r.report(b)
	})
}

type storm struct {
	hold   func()
	served atomic.Int64
	last   atomic.Int64 // how many are to be served; 0: not known yet
	once   sync.Once
	done   chan struct{}
	over   atomic.Bool
	clocks stopwatches
}

func (r *storm) impatient(u Patron) {
	for !r.over.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), stormPatience)
		if u.Get(ctx) {
			r.use(u)
		}
		cancel()
	}
}

func (r *storm) patient(u Patron, clock stopwatch) {
	for !r.over.Load() {
		get := func() { u.Get(context.Background()) }
		if r.last.Load() == 0 {
			get()
		} else {
			clock.time(get)
		}
		r.use(u)
	}
}

func (r *storm) use(u Patron) {
	r.hold()
	u.Put()
	if n, last := r.served.Add(1), r.last.Load(); last != 0 && n >= last {
		r.once.Do(func() { close(r.done) })
	}
}

func (r *storm) report(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "served/s")
	r.clocks.reportAs(b, "patient-")
}

// SlotpoolStorms are this library's, by the verbs that can be cancelled: of a
// resource for each user, the old one and that with a context, and of a group.
var SlotpoolStorms = []StormContender{
	NamedStorm("slotpool", func(s StormShape) StormPool { return ownResources(s, getCancel) }),
	NamedStorm("slotpool-context", func(s StormShape) StormPool { return ownResources(s, getContext) }),
	NamedStorm("slotpool-group", func(s StormShape) StormPool {
		p := resourcepool.New(uint(s.Slots), "")
		return stormGroup{p.NewGroup("storm", 0, func() resourcepool.AllocateReleaser { return nothing{} })}
	}),
}

func getCancel(ctx context.Context, r *resourcepool.Resource) error { return r.Get(ctx.Done()) }

func getContext(ctx context.Context, r *resourcepool.Resource) error { return r.GetContext(ctx) }

type stormResources []stormResource

type stormResource struct {
	r   *resourcepool.Resource
	get func(context.Context, *resourcepool.Resource) error
}

func ownResources(s StormShape, get func(context.Context, *resourcepool.Resource) error) StormPool {
	pool := resourcepool.New(uint(s.Slots), "")
	p := make(stormResources, s.Users)
	for i := range p {
		p[i] = stormResource{pool.Create(nothing{}), get}
	}
	return p
}

func (p stormResources) Patron(i int) Patron { return p[i] }

func (u stormResource) Get(ctx context.Context) bool { return u.get(ctx, u.r) == nil }
func (u stormResource) Put()                         { u.r.Put() }

type stormGroup struct{ g *resourcepool.Group }

func (p stormGroup) Patron(int) Patron { return &stormMember{g: p.g} }

type stormMember struct {
	g *resourcepool.Group
	r *resourcepool.Resource
}

func (u *stormMember) Get(ctx context.Context) bool {
	var err error
	u.r, err = u.g.Get(ctx)
	return err == nil
}

func (u *stormMember) Put() { u.g.Put(u.r, u.r.Generation()) }
