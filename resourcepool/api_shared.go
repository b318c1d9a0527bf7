package resourcepool

import "context"

// Shared lets several users at once hold what one resource holds. It is for clients
// that serve many calls over one connection, such as net/rpc, gRPC and HTTP/2. The
// first user gets the resource, and the last one puts it. So it is evicted only
// while nobody uses it. All methods may be called concurrently.
//
// Do not get the resource in any other way.
type Shared struct{ s shared }

// NewShared returns a Shared of r for up to users at once. 0: no limit. It panics
// if r is nil or users is negative.
func NewShared(r *Resource, users int) *Shared { return newShared(r, users) }

// GetContext returns a lease on what the resource holds. If nobody holds the
// resource it gets it first, and so may allocate. If there are as many users as
// there may be, it waits in order of arrival.
//
// The error is that of Resource.GetContext. If the resource cannot be allocated,
// all who wait for that have the error.
func (s *Shared) GetContext(ctx context.Context) (Lease, error) { return s.s.get(ctx) }

// SetUsers changes how many users there may be at once. 0: no limit. Users above
// the new number stay until they are done. It panics if users is negative.
func (s *Shared) SetUsers(users int) { s.s.setUsers(users) }

// Lease is the right to use what a Shared holds, from GetContext to Put or Release.
// Copies of a Lease are the same lease. The zero Lease is over.
type Lease struct{ l *lease }

// Put ends the lease. The last user to leave parks the resource. Put of a lease
// that is over does nothing.
func (l Lease) Put() { l.l.put() }

// Release ends the lease because what the resource holds is of no more use. Nobody
// gets a lease on it any more. When its last user leaves, it is released. If that
// is this user, the error is that of the release. Release of a lease that is over
// does nothing.
func (l Lease) Release() error { return l.l.release() }
