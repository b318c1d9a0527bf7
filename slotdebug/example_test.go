package slotdebug_test

import (
	"log"
	"net/http"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/slotdebug"
)

func ExampleHandler() {
	var backends connpool.Pool
	http.Handle("/debug/slotpool", &slotdebug.Handler{Conns: map[string]*connpool.Pool{"backends": &backends}})
	log.Fatal(http.ListenAndServe("localhost:6060", nil))
}
