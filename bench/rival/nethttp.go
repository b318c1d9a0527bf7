package rival

import (
	"context"
	"net"
	"net/http"

	"github.com/slotpool/slotpool/bench/work"
)

// NetHTTP is the pool inside net/http. Its limit is on idle connections only;
// when there are more it closes the one that was used least recently.
var NetHTTP = work.HTTPContender{Name: "net-http", New: func(slots int, _ []string, dialer work.Dialer) http.RoundTripper {
	return netHTTP{&http.Transport{
		MaxIdleConns:       slots,
		MaxConnsPerHost:    1, // as slotpool has it
		DisableCompression: true,
		DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return dialer.Dial(network, address)
		},
	}}
}}

type netHTTP struct{ *http.Transport }

func (t netHTTP) Close() { t.CloseIdleConnections() }
