package rival

import (
	"sync"

	"github.com/slotpool/slotpool/bench/work"
)

// AllByAddress are the rivals that find a connection by its address.
func AllByAddress() []work.AddressContender {
	return []work.AddressContender{
		work.NamedAddress("puddle-map", func(s work.ConnShape) work.AddressPool {
			return &puddleByAddress{shape: s}
		}),
		work.NamedAddress("channel-map", func(s work.ConnShape) work.AddressPool {
			return &channelsByAddress{shape: s}
		}),
	}
}

// puddleByAddress is a sync.Map of pools, the fastest map there is for this.
type puddleByAddress struct {
	shape work.ConnShape
	sites sync.Map
}

func (p *puddleByAddress) site(address string) puddleSite {
	if x, ok := p.sites.Load(address); ok {
		return x.(puddleSite)
	}
	one := p.shape
	one.Addresses, one.Slots, one.Check = []string{address}, 2, true
	x, _ := p.sites.LoadOrStore(address, newPuddleSite(one, 0).(puddleSite))
	return x.(puddleSite)
}

func (p *puddleByAddress) Cycle(address string) {
	s := p.site(address)
	s.put(s.get())
}

func (p *puddleByAddress) Close() {
	p.sites.Range(func(_, x any) bool {
		x.(puddleSite).close()
		return true
	})
}

// channelsByAddress is a map of buffered channels, guarded by a mutex, as
// people write it by hand.
type channelsByAddress struct {
	shape work.ConnShape
	idle  work.Guarded[chan *conn]
	all   []chan *conn
}

func (p *channelsByAddress) channel(address string) chan *conn {
	return p.idle.Get(address, func() chan *conn {
		c := make(chan *conn, 2)
		p.all = append(p.all, c)
		return c
	})
}

func (p *channelsByAddress) Cycle(address string) {
	idle := p.channel(address)
	var c *conn
	select {
	case c = <-idle:
	default:
	}
	if c == nil || !c.peek.Alive() {
		one := p.shape
		one.Addresses = []string{address}
		var err error
		c, err = dial(one, 0)
		work.Check(err)
	}
	p.channel(address) <- c
}

func (p *channelsByAddress) Close() {
	for _, idle := range p.all {
		close(idle)
		for c := range idle {
			c.Close()
		}
	}
}
