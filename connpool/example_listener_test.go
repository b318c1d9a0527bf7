package connpool_test

import (
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

func ExampleNewListener() {
	slots := resourcepool.New(8, "")
	inbound := slots.Sub(6, "") // two are left for what answering needs
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello")
	})}
	go server.Serve(connpool.NewListener(l, inbound))
	defer server.Close()
	answer, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	http.DefaultClient.CloseIdleConnections()
	// Output: 200 OK
}
