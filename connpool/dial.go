package connpool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"

	"github.com/slotpool/slotpool/internal/dialgate"
	"github.com/slotpool/slotpool/internal/sysnet"
)

// dial is the Allocate of one Get.
type dial struct {
	resource *connResource
	dialer   Dialer          // nil: as Get dials
	timeout  time.Duration   // of the dial of a Get; 0 or less: the system's
	cancel   <-chan struct{} // of a Get that has no context
	spoken   bool            // cancel has spoken while the Get waited, and the Get was served
	landed   *flight         // of a Get with a context: the last dial that was over when it came
	done     bool
	dialgate.Clock
}

// Allocate is for a Get that has no context. It runs on the goroutine of the
// Get, with the slot in hand.
func (d *dial) Allocate() error { return d.allocate(context.Background(), true) }

// AllocateContext is for one that has. The dial has the values of the context, and
// does not end with it.
func (d *dial) AllocateContext(ctx context.Context) error {
	if err := d.resource.failedSince(d.landed); err != nil {
		return err
	}
	return d.allocate(context.WithoutCancel(ctx), false)
}

// CancelerSpoke is for the resourcepool: the Get that is about to Allocate has
// waited, and has heard its canceler meanwhile. A message that it took is not there any
// more, and without one the gate would wait for a descriptor for as long as it takes.
func (d *dial) CancelerSpoke() { d.spoken = true }

func (d *dial) allocate(ctx context.Context, verbatim bool) (err error) {
	c := d.resource
	f := &flight{}
	c.flight.Store(f)
	defer func() { f.land(err) }()
	inner, err := theGate.dial(ctx, c.network, c.address, d.run(verbatim), dialOptions{
		pool:     madePool.Load(),
		timeout:  max(d.timeout, 0),
		cancel:   d.cancel,
		spoken:   d.spoken,
		ours:     d.dialer == nil,
		verbatim: verbatim,
		clock:    &d.Clock,
		starved:  &f.starved,
	})
	if err != nil {
		if !isNil(inner) {
			inner.Close() // nobody else knows of it
		}
		return err
	}
	if isNil(inner) {
		return fmt.Errorf("connpool: %T returned neither a connection nor an error for %s %s", d.dialer, c.network, c.address)
	}
	c.open = newConnection(c.slot.Load(), inner, nil)
	d.done = true
	return nil
}

// run is one dial. What a type has for DialContext may come from something
// embedded that its Dial does more than, so a Get without a context calls Dial.
func (d *dial) run(plain bool) dialFunc {
	switch dialer := d.dialer.(type) {
	case nil:
		return ownDial
	case contextDialer:
		if !plain {
			return dialer.DialContext
		}
	}
	return func(_ context.Context, network, address string) (net.Conn, error) {
		return d.dialer.Dial(network, address)
	}
}

// contextDialer is a Dialer that can be told to stop.
type contextDialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// ownDial dials as Get does, with the look-up counted.
func ownDial(ctx context.Context, network, address string) (net.Conn, error) {
	return sysnet.Dialer(0).WithResolver(theGate.resolver()).DialContext(ctx, network, address)
}

// noDialer stands for a nil Dialer.
type noDialer struct{}

func (noDialer) Dial(network, address string) (net.Conn, error) {
	return nil, errors.New("connpool: GetWithDialer: nil Dialer for " + network + " " + address)
}

// isNil also finds the nil pointer in an interface that is not nil, as a dialer
// returns it that passes on what tls.Dial gave it.
func isNil(conn net.Conn) bool {
	if conn == nil {
		return true
	}
	v := reflect.ValueOf(conn)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// closer is a connResource as its pool sees it: an AllocateReleaser.
type closer connResource

// Allocate dials as Get does. The methods of ConnResource do not come here, as
// each of them brings the dialer of its caller.
func (r *closer) Allocate() error {
	return (&dial{resource: (*connResource)(r)}).Allocate()
}
