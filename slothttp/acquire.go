package slothttp

import (
	"context"
	"errors"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
)

// A connection that a group opened may have died before it was handed out. Then
// another is tried, but a server that closes each at once shall not have this
// process dial for ever.
const mostStillborn = 3

// get returns a connection on which the caller has reserved one request.
func (o *origin) get(ctx context.Context) (*link, error) {
	if o.speaks.Load() != one {
		return o.getStream(ctx, 0)
	}
	return o.getOwn(ctx)
}

// getOwn gets one that nobody else has.
func (o *origin) getOwn(ctx context.Context) (*link, error) {
	for stillborn := 0; ; {
		r, err := o.obtain(ctx)
		if err != nil {
			return nil, err
		}
		l := bind(r)
		used := l.used
		if !used {
			stillborn++
		}
		if err := o.adopt(ctx, l, stillborn); err == nil {
			return l, nil
		} else if !used && stillborn == mostStillborn {
			return nil, err
		}
	}
}

// obtain gets a member of the group. A dial that CloseIdleConnections ended because
// nobody waited for it may have been joined in that moment: then once more.
func (o *origin) obtain(ctx context.Context) (r *resourcepool.Resource, err error) {
	for range 2 {
		if r = o.group.TryGet(); r != nil {
			return r, nil
		}
		if r, err = o.group.Get(ctx); err == nil || ctx.Err() != nil || !errors.Is(err, context.Canceled) {
			break
		}
	}
	return r, o.explain(err)
}

// adopt makes the caller, who has just gotten l, its user. On an error l is
// released. stillborn counts connections that were found dead before their first
// request, l included: the last one serves this request though its lifetime, which
// may be shorter than a dial takes, is over.
func (o *origin) adopt(ctx context.Context, l *link, stillborn int) error {
	if !l.hold() {
		return l.death()
	}
	if l.doomed.Load() && stillborn < mostStillborn {
		l.discard()
		return errAged
	}
	shared := l.shared.Load()
	if err := l.claim(ctx, shared); err != nil {
		l.discard()
		return err
	}
	if shared {
		o.share(l)
	} else if o.speaks.Load() != one {
		o.speaks.Store(one)
	}
	return nil
}

// claim reserves a request if others may make theirs meanwhile. Over HTTP/1 nobody else does, and
// it is enough that the connection is open: net/http's Reserve allocates. Available knows of a
// connection that is being closed, Err only of one that is.
func (l *link) claim(ctx context.Context, shared bool) error {
	if shared {
		return l.settle(ctx)
	}
	if l.cc.Available() == 0 {
		return l.death()
	}
	return nil
}

// settle waits for a reservation on an idle HTTP/2 connection. The last answer
// may have been read a moment before its stream is done with, which matters
// where the server allows few. But streams that were reset count until the
// server says that it is still there, and it may never.
func (l *link) settle(ctx context.Context) error {
	err := l.cc.Reserve()
	for range 50 {
		if err == nil || l.cc.Err() != nil || l.cc.InFlight() == 0 || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Millisecond)
		err = l.cc.Reserve()
	}
	return err
}
