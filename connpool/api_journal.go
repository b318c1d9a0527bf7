package connpool

import (
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// PoolTimes are the durations that a Pool has counted since its first use.
type PoolTimes struct {
	// Wait counts Gets that found no good idle connection: from their beginning until they
	// had one or gave up. The dial is included. Calls of DialContext count too.
	Wait resourcepool.Histogram

	Dial       resourcepool.Histogram // dials that succeeded, those of DialContext too
	DialFailed resourcepool.Histogram // dials that failed or were cancelled
	Hold       resourcepool.Histogram // from a Get to its Put or Close; counted only with HoldWarning
}

// Times returns the durations counted so far. It takes no lock.
func (p *Pool) Times() PoolTimes {
	s, err := p.start()
	if err != nil {
		return PoolTimes{}
	}
	return s.journal.times()
}

// Busiest are the addresses that cause most work. Each list has up to 64, the
// busiest first. An address that has more than a 64th of all the events of a list
// is always in it.
type Busiest struct {
	Dials  []AddressCount // dials that succeeded, those of DialContext too
	Failed []AddressCount // dials that failed; cancelled ones are not counted
	Waits  []AddressCount // Gets that found no good idle connection, and calls of DialContext
}

// AddressCount says how often something happened at an address since the first use
// of the Pool: at most Count times, and at least Count-Over times.
type AddressCount struct {
	Network, Address string
	Count, Over      uint64
}

// Busiest returns the addresses that dial, fail and wait most. It is kept in
// bounded memory, however many addresses there are.
func (p *Pool) Busiest() Busiest {
	s, err := p.start()
	if err != nil {
		return Busiest{}
	}
	return s.journal.busiest()
}

// RecentClose is a connection of Get, TryGet, Do or Warm that was closed, or one of
// DialContext that EvictQuiet has closed.
type RecentClose struct {
	At               time.Time
	Network, Address string
	Why              CloseReason
}

// RecentCloses returns the last 100 closes, or fewer, the latest first.
func (p *Pool) RecentCloses() []RecentClose {
	s, err := p.start()
	if err != nil {
		return nil
	}
	return s.journal.recentCloses()
}
