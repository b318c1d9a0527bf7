package work

import (
	"net/http"

	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// SlotpoolHTTP is this library's http.RoundTripper. Its slots are all the
// connections that it may have.
var SlotpoolHTTP = NamedHTTP("slotpool", func(s HTTPShape) http.RoundTripper {
	return slotTransport{&slothttp.Transport{
		Base: &http.Transport{
			DisableCompression: true,
			DialContext:        s.DialContext,
		},
		Slots: resourcepool.New(uint(s.Slots), ""),
	}}
})

type slotTransport struct{ *slothttp.Transport }

func (t slotTransport) Close() { t.CloseIdleConnections() }
