package slothttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

func ExampleTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	defer server.Close()

	// Without Slots the connections share connpool.GetResourcePool() with all
	// others of the process.
	slots := resourcepool.New(100, "http")
	client := &http.Client{
		Transport: &slothttp.Transport{Slots: slots, MaxConnLifetime: time.Hour},
		Timeout:   10 * time.Second, // also of the wait for a slot
	}
	defer client.CloseIdleConnections()
	response, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body) // to its end, so that the connection is kept
	fmt.Println(string(body), err, slots.Stats().Idle)
	// Output: hello <nil> 1
}
