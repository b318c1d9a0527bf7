//go:build linux

package load

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slotpool/slotpool/cmd/soak/server"
)

// API is one way to use the library. Tasks, faults and most checks are the same for
// all: another kind of user is another API, in a file of its own and in makeAPI.
type API interface {
	// begin is called once, when the pool of slots is there and nothing was gotten.
	begin(l *Load)

	// open returns the way to an endpoint. Nothing is dialled by that, and it may
	// come before begin.
	open(e server.Endpoint) Way

	// drain is called when the users have gone: it waits, until ctx ends, for what the
	// API still does by itself, such as dials that nobody waits for any more.
	drain(ctx context.Context) error

	// end closes what the API has, and compares what it counted with what its
	// users did.
	end(ctx context.Context)
}

// Way is one address through one API. Its methods may be called concurrently.
type Way interface {
	// visit does the task of a user: it gets a connection, makes the requests and
	// gives it up. It is false if there was none to be had.
	visit(u *user, s *site, t task) bool

	// ScheduleClose closes what is parked now, and what is in use at its Put.
	ScheduleClose()

	// forget is called when a way is used no more.
	forget()
}

// Names of what the flag -api turns on.
const (
	apiResource = "resource" // connpool.ConnResource
	apiPool     = "pool"     // connpool.Pool
	apiHTTP     = "http"     // slothttp.Transport
	apiInbound  = "inbound"  // connpool.NewListener; it has no users, but is called from outside
	apiAll      = "all"
	apiBoth     = "both" // resource and pool
)

var apiNames = []string{apiResource, apiPool, apiHTTP, apiInbound}

// ownAPIs need servers of the soak's own.
var ownAPIs = []string{apiHTTP, apiInbound}

// ParseAPIs reads the flag -api. Without servers of our own, all are those that need
// none.
func ParseAPIs(list string, ownServers bool) ([]string, error) {
	if list == apiBoth {
		return []string{apiResource, apiPool}, nil
	}
	var names []string
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		foreign := !ownServers && slices.Contains(ownAPIs, name)
		switch {
		case list == apiAll:
			return slices.DeleteFunc(slices.Clone(apiNames), func(name string) bool {
				return !ownServers && slices.Contains(ownAPIs, name)
			}), nil
		case !slices.Contains(apiNames, name):
			return nil, fmt.Errorf("-api %q: want %s, %s or %s, with commas", name, apiAll, apiBoth, strings.Join(apiNames, ", "))
		case foreign:
			return nil, fmt.Errorf("-api %q needs servers of the soak's own, not -target", name)
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	if slices.Equal(names, []string{apiInbound}) {
		return nil, fmt.Errorf("-api %q has no users of its own: name another besides", list)
	}
	return names, nil
}

// HasInbound reports whether the process is called from outside.
func HasInbound(names []string) bool { return slices.Contains(names, apiInbound) }

// makeAPIs makes what ParseAPIs named. The resource API is always there, as the
// checks at the end use it, but perhaps without a user.
func (l *Load) makeAPIs(names []string) {
	l.resource = &resourceAPI{load: l}
	for _, name := range names {
		switch name {
		case apiResource:
			l.apis = append(l.apis, l.resource)
		case apiPool:
			l.apis = append(l.apis, newPoolAPI(l, !slices.Contains(names, apiResource)))
		case apiHTTP:
			l.apis = append(l.apis, &httpAPI{load: l})
		}
	}
}

// allAPIs are those of the users and the one of the checks at the end, which
// comes last.
func (l *Load) allAPIs() []API {
	others := slices.DeleteFunc(slices.Clone(l.apis), func(a API) bool { return a == l.resource })
	return append(others, l.resource)
}
