package rival

import (
	"net/http"

	"github.com/slotpool/slotpool/bench/work"
)

// NetHTTP is the pool inside net/http. Its limit is on idle connections only, so
// that it may have as many more as there are users; when there are more idle ones
// it closes the one that was used least recently.
var NetHTTP = work.NamedHTTP("net-http", func(s work.HTTPShape) http.RoundTripper {
	return netHTTP{&http.Transport{
		MaxIdleConns:        s.Slots,
		MaxIdleConnsPerHost: s.Slots,
		DisableCompression:  true,
		DialContext:         s.DialContext,
	}}
})

type netHTTP struct{ *http.Transport }

func (t netHTTP) Close() { t.CloseIdleConnections() }
