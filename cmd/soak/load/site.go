//go:build linux

package load

import "github.com/slotpool/slotpool/cmd/soak/server"

// site is one address to a user.
type site struct {
	server.Endpoint
	index  int
	way    Way
	Dead   bool // nothing ever accepts there
	passes bool // it is used once
}

// newSite makes a site of one of the load's APIs, in turn.
func (l *Load) newSite(index int, e server.Endpoint) *site {
	return newSite(l.apis[index%len(l.apis)], index, e)
}

func newSite(a API, index int, e server.Endpoint) *site {
	return &site{Endpoint: e, index: index, way: a.open(e)}
}

// ScheduleClose closes the site's connections, those in use at their Put.
func (s *site) ScheduleClose() { s.way.ScheduleClose() }

// placeOf returns where the connections of a site are; nil if users get none
// to see.
func placeOf(s *site) *place {
	if w, ok := s.way.(interface{ place() *place }); ok {
		return w.place()
	}
	return nil
}

// seenConns are all connections that users have been given and that are open.
func (l *Load) seenConns() []*seen {
	var all []*seen
	done := map[*place]bool{}
	for _, s := range l.AllSites() {
		if p := placeOf(s); p != nil && !done[p] {
			done[p] = true
			all = p.all(all)
		}
	}
	return all
}
