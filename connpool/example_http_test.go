package connpool_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// bare is a resource that is a slot and nothing else.
type bare struct{}

func (bare) Allocate() error { return nil }
func (bare) Release() error  { return nil }

// slotConn gives its slot back when it is closed.
type slotConn struct {
	net.Conn
	slot *resourcepool.Resource
}

func (c slotConn) Close() error {
	defer c.slot.Release()
	return c.Conn.Close()
}

func dialWithSlot(ctx context.Context, network, address string) (net.Conn, error) {
	slot := connpool.GetResourcePool().CreateKeyed(bare{}, address)
	if err := slot.Get(ctx.Done()); err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		slot.Release()
		return nil, err
	}
	return slotConn{conn, slot}, nil
}

// An http.Transport keeps connections of its own. This one takes a slot for
// each, so that it and the ConnResources share one limit. What it keeps is in
// use as far as the pool knows, and not evicted: let it keep few.
func ExampleGetResourcePool() {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	transport := &http.Transport{DialContext: dialWithSlot, MaxIdleConns: 10}
	defer transport.CloseIdleConnections()

	response, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	fmt.Println(response.Status)
	// Output: 200 OK
}
