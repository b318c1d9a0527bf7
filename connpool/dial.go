package connpool

import (
	"errors"
	"fmt"
	"net"
	"reflect"

	"github.com/slotpool/slotpool/internal/sysnet"
)

// dial is the Allocate of one Get.
type dial struct {
	resource *connResource
	dialer   Dialer
	done     bool
}

// Allocate dials. It runs on the goroutine of the Get, with the slot in hand.
func (d *dial) Allocate() error {
	c := d.resource
	inner, err := d.dialer.Dial(c.network, c.address)
	if err != nil {
		if !isNil(inner) {
			inner.Close() // nobody else knows of it
		}
		return err
	}
	if isNil(inner) {
		return fmt.Errorf("connpool: %T returned neither a connection nor an error for %s %s", d.dialer, c.network, c.address)
	}
	c.open = newConnection(c.slot.Load(), inner)
	d.done = true
	return nil
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
	return (&dial{resource: (*connResource)(r), dialer: sysnet.Dialer(0)}).Allocate()
}

// Release closes the connection. It runs on the goroutine that gives the slot
// up, which may be a Get of quite another address.
func (r *closer) Release() error {
	k := r.open
	r.open = nil
	return k.inner.Close()
}
