package snippets

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// HTTP returns a client whose idle connections make room for others.
func HTTP(slots *resourcepool.Pool) *http.Client {
	return &http.Client{
		Transport: &slothttp.Transport{
			Slots:           slots, // nil: those of the process
			IdleConnTimeout: 90 * time.Second,
		},
		Timeout: 10 * time.Second, // also of the wait for a slot
	}
}

// Proxy returns a handler that answers with what the target answers.
func Proxy(target *url.URL, slots *resourcepool.Pool) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		},
		Transport: &slothttp.Transport{Slots: slots},
	}
}

// OtherHTTP returns a client for code that insists on an http.Transport.
func OtherHTTP(pool *connpool.Pool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:     pool.DialContext,
			MaxIdleConns:    20,
			IdleConnTimeout: 10 * time.Second,
		},
		Timeout: 10 * time.Second,
	}
}
