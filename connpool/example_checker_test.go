package connpool_test

import (
	"fmt"
	"io"
	"net"
	"net/rpc"

	"github.com/slotpool/slotpool/connpool"
)

// rpcClient is a resource with a connection of its own, as RPC packages keep them.
// The five lines that make dead ones known: the field, its assignment, and Alive.
type rpcClient struct {
	address string
	client  *rpc.Client
	conn    net.Conn
	probe   *connpool.Probe
}

func (c *rpcClient) Allocate() (err error) {
	if c.conn, err = net.Dial("tcp", c.address); err != nil {
		return err
	}
	c.probe = connpool.NewProbe(c.conn)
	c.client = rpc.NewClient(c.conn)
	return nil
}

func (c *rpcClient) Release() error { return c.client.Close() }

// Alive makes an rpcClient a resourcepool.Checker.
func (c *rpcClient) Alive() bool {
	return c.probe.Alive()
}

// Resources of other packages, which open connections of their own, share the
// slots of this one. With a Probe and an Alive method a Get replaces what the
// server has closed meanwhile.
func ExampleProbe() {
	address, stop := serveArith("127.0.0.1:0")
	client := &rpcClient{address: address}
	resource := connpool.GetResourcePool().CreateKeyed(client, address)

	double := func(n int) (result int) {
		if err := resource.Get(nil); err != nil {
			fmt.Println(err)
			return 0
		}
		defer resource.Put()
		if err := client.client.Call("Arith.Double", n, &result); err != nil {
			fmt.Println(err)
		}
		return result
	}
	fmt.Println(double(1))
	stop() // the server restarts
	_, stop = serveArith(address)
	fmt.Println(double(2))

	_ = resource.Release()
	stop()
	// Output:
	// 2
	// 4
}

// Arith is the server's end of the example.
type Arith struct{}

// Double doubles.
func (Arith) Double(n int, result *int) error {
	*result = 2 * n
	return nil
}

// serveArith serves until it is stopped, which closes its connections.
func serveArith(address string) (at string, stop func()) {
	server := rpc.NewServer()
	if err := server.Register(Arith{}); err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	over := make(chan []io.Closer)
	go func() {
		var conns []io.Closer
		for {
			conn, err := l.Accept()
			if err != nil {
				over <- conns
				return
			}
			conns = append(conns, conn)
			go server.ServeConn(conn)
		}
	}()
	return l.Addr().String(), func() {
		l.Close()
		for _, conn := range <-over {
			conn.Close()
		}
	}
}
