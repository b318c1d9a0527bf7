package connpool

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestGatewayKeepsDialling: what serves inbound connections, and dials for each,
// failed hundreds of dials at 128 descriptors with 110 idle ones parked.
func TestGatewayKeepsDialling(t *testing.T) {
	if !inChild(t) {
		gatewayParent(t)
		return
	}
	setLimit(t, 128)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	parkAll(t, GetResourcePool().Stats().Max)
	resources := make([]*ConnResource, 200)
	for i := range resources {
		resources[i] = far(t)
	}
	clients, err := net.Dial("tcp", os.Getenv(clientsVariable))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(clients, l.Addr().String()+"\n"); err != nil {
		t.Fatal(err)
	}
	var failed, served atomic.Int64
	go func() { // the clients close it when they have been served
		_, _ = clients.Read(make([]byte, 1))
		l.Close()
	}()
	acceptAll(t, l, func(i int, in net.Conn) {
		out, err := resources[i%len(resources)].Get(nil, testkit.Patience)
		if err != nil {
			failed.Add(1)
			t.Error(err)
			return
		}
		served.Add(1)
		_, _ = in.Write([]byte{1})
		out.Put()
	})
	clients.Close()
	if failed.Load() != 0 || served.Load() != gatewayClients*gatewayCalls {
		t.Errorf("%d dials failed, %d clients were served; want 0 and %d", failed.Load(), served.Load(), gatewayClients*gatewayCalls)
	}
}

// acceptAll serves each connection on a goroutine, until the listener is closed.
func acceptAll(t *testing.T, l net.Listener, serve func(i int, in net.Conn)) {
	var serving sync.WaitGroup
	defer serving.Wait()
	for i := 0; ; i++ {
		in, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, syscall.EMFILE): // net/http goes on too, though it pauses
			continue
		case err != nil:
			t.Fatal(err)
		}
		serving.Go(func() {
			defer in.Close()
			serve(i, in)
		})
	}
}

const (
	clientsVariable = "SLOTPOOL_TEST_CLIENTS"
	gatewayClients  = 60
	gatewayCalls    = 20
)

// gatewayParent has the clients, who are told the gateway's address.
func gatewayParent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var wg sync.WaitGroup
	wg.Go(func() {
		told, err := l.Accept()
		if err != nil {
			return
		}
		defer told.Close()
		line := make([]byte, 64)
		n, err := told.Read(line)
		if err != nil {
			return
		}
		var all sync.WaitGroup
		for range gatewayClients {
			all.Go(func() {
				for range gatewayCalls {
					call(t, string(line[:n-1]))
				}
			})
		}
		all.Wait()
	})
	runChild(t, farEnd(t, false), clientsVariable+"="+l.Addr().String())
	l.Close()
	wg.Wait()
}

func call(t *testing.T, address string) {
	conn, err := net.DialTimeout("tcp", address, testkit.Patience)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Errorf("a client was not served: %v", err)
	}
}
