//go:build linux

package load

import (
	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// Now is a ConnResource of an endpoint that no user has, for Gets that do not wait.
type Now struct {
	site *site
	way  *resourceWay
}

// NewNow makes one of the endpoint of that number.
func (l *Load) NewNow(i int) Now {
	s := newSite(l.resource, i, l.endpoints[i])
	return Now{s, s.way.(*resourceWay)}
}

func (n Now) String() string { return n.site.String() }

// Close closes the connection.
func (n Now) Close() { n.site.ScheduleClose() }

// Get gets without waiting for others. Dials that fail are tried again, as
// the machine may be busy.
func (n Now) Get() (conn *connpool.Conn, err error) {
	a := n.way.api
	for range 5 {
		d := &dialer{load: a.load, site: n.site, shows: true}
		conn, err = n.way.ask(resourcepool.MakeImmediateCanceler(), d)
		if err == nil {
			a.gets.Add(1)
			a.load.Tally.add(CountGets)
			return conn, nil
		}
		if err == resourcepool.ErrorResourceLimitExceeded || err == resourcepool.ErrorPutTimeout {
			a.cancelled.Add(1)
			a.load.Tally.add(CountCancelled)
			return nil, err
		}
		if err != d.failure {
			return nil, err
		}
		a.failed.Add(1)
		a.load.Tally.add(CountDialErrors)
	}
	return nil, err
}
