package slotdebug

import (
	"net/http"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// Handler is an http.Handler that serves the page. Its zero value shows all pools
// that have a name, also those that are made later. The fields must not change once
// it serves. It may serve several requests at once.
//
//   - A browser gets HTML, and asks for news every second.
//   - The query format=json, or a request that accepts application/json, gets JSON.
//   - All others get plain text. format=html and format=text are known too.
//
// The curves show what was seen at looks, of any browser, in the last five minutes.
type Handler struct {
	// Pools are the pools to show. nil: all that resourcepool.Pools finds.
	Pools []*resourcepool.Pool

	// Conns are shown too, under the names that they have here: their addresses, who holds
	// connections, and what was closed. The slots of a Pool whose field Slots is nil are
	// those of connpool.GetResourcePool, which is shown as "connections".
	Conns map[string]*connpool.Pool

	looks looks
}

var _ http.Handler = &Handler{}

// ServeHTTP answers GET and HEAD; other methods get status 405.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r) }
