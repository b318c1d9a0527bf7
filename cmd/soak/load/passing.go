//go:build linux

package load

import (
	"fmt"
	"sync"

	"github.com/slotpool/slotpool/cmd/soak/server"
)

// passing makes sites that are used once and forgotten. What a library keeps
// of an address must not outlive it.
type passing struct {
	lock  sync.Mutex
	from  []server.Endpoint // that they lead to
	named bool              // by a name of their own each
	made  uint64
	past  [passingKept]*site // used, and perhaps parked
}

const (
	passingShare = 0.3 // of turns, while addresses appear and vanish
	passingKept  = 256
)

// next returns a new site for the one turn of its user, who retires it.
func (p *passing) next(l *Load) *site {
	p.lock.Lock()
	defer p.lock.Unlock()
	e := p.from[p.made%uint64(len(p.from))]
	if p.named {
		e = e.Named(fmt.Sprintf("p%d", p.made))
	}
	p.made++
	return l.newSite(firstPassing+int(p.made), e)
}

// firstPassing is where the indexes of passing sites begin.
const firstPassing = 1 << 24

// retire takes back a site that is used no more, and lets another go for it.
func (p *passing) retire(s *site) {
	p.lock.Lock()
	old := &p.past[s.index%passingKept]
	s, *old = *old, s
	p.lock.Unlock()
	if s != nil {
		s.ScheduleClose()
		s.way.forget()
	}
}

// sites are those that may still hold a connection.
func (p *passing) sites() []*site {
	p.lock.Lock()
	defer p.lock.Unlock()
	var all []*site
	for _, s := range p.past {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// passable are the endpoints that may be had under another name.
func passable(endpoints []server.Endpoint, named bool) []server.Endpoint {
	var some []server.Endpoint
	for _, e := range endpoints {
		if !named || e.Name != "" {
			some = append(some, e)
		}
	}
	return some
}
