package connpool_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// echoServer returns the address of a server that sends back what it gets.
func echoServer() (address string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String(), func() { l.Close() }
}

func ExampleConnResource_Get() {
	address, stop := echoServer()
	defer stop()
	peer := connpool.New("tcp", address) // opens nothing yet
	defer peer.ScheduleClose()           // in the end

	ask := func(question string) (string, error) {
		conn, err := peer.Get(nil, 5*time.Second)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(conn, question)
		answer, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			conn.Close() // its state is not known: the next Get dials
			return "", err
		}
		conn.Put() // the next Get reuses it
		return answer, nil
	}
	for _, question := range []string{"one", "two"} {
		answer, err := ask(question)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(answer)
	}
	// Output:
	// one
	// two
}

func ExampleConnResource_Get_cancel() {
	address, stop := echoServer()
	defer stop()
	peer := connpool.New("tcp", address)
	conn, err := peer.Get(nil, 5*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()

	// The connection is in use. Rather than wait for it, give up.
	_, err = peer.Get(resourcepool.MakeImmediateCanceler(), 5*time.Second)
	fmt.Println(err, err == resourcepool.ErrorPutTimeout)
	// Output:
	// timed out waiting for put true
}

// A Dialer of one's own sets the options that it wants; *tls.Dialer is one,
// too.
func ExampleConnResource_GetWithDialer() {
	address, stop := echoServer()
	defer stop()
	peer := connpool.New("tcp", address)
	conn, err := peer.GetWithDialer(nil, &net.Dialer{
		Timeout:   5 * time.Second,
		KeepAlive: -1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()

	// The embedded connection is what the dialer returned.
	tcp := conn.Conn.(*net.TCPConn)
	fmt.Fprint(conn, "hello")
	_ = tcp.CloseWrite()
	answer, err := io.ReadAll(conn)
	fmt.Println(string(answer), err)
	// Output:
	// hello <nil>
}
