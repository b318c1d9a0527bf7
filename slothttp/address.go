package slothttp

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
)

// addressOf returns host:port of u, as net/http has it.
func (s *state) addressOf(u *url.URL) string {
	host, port := u.Hostname(), u.Port()
	if !ascii(host) {
		return s.ask(u)
	}
	if port == "" {
		port = portOf(u.Scheme)
	} else if strings.IndexByte(host, ':') < 0 && len(u.Host) == len(host)+len(":")+len(port) {
		return u.Host // what follows would make the same of it
	}
	return net.JoinHostPort(host, port)
}

func portOf(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return ""
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// ask has net/http work an internationalized name out (RFC 5891), which only it
// can without another module: it says where it would connect to before its dial
// is refused.
func (s *state) ask(u *url.URL) (address string) {
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GetConn: func(hostPort string) { address = hostPort },
	})
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: u.Scheme, Host: u.Host}, Header: http.Header{}}).WithContext(ctx)
	if u.Scheme != "http" && u.Scheme != "https" { // a SOCKS proxy
		r.URL.Scheme = "http"
		r.URL.Host = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), portOf(u.Scheme)))
	}
	if _, err := s.refuse.RoundTrip(r); address == "" && err != nil {
		return net.JoinHostPort(u.Hostname(), u.Port()) // the dial will say what is wrong
	}
	return address
}

// route returns the key of the request's origin, its address and its proxy.
func (s *state) route(r *http.Request) (k key, address string, proxy *url.URL, err error) {
	k.scheme = r.URL.Scheme
	address = s.addressOf(r.URL)
	k.address = address
	k.onlyH1 = k.scheme == "https" && s.shares[overTLS] && wantsWebSocket(r)
	if s.proxy == nil {
		return k, address, nil, nil
	}
	proxy, err = s.proxy(r)
	if err != nil || proxy == nil {
		return k, address, nil, err
	}
	k.proxy = proxy.String()
	if k.scheme == "http" && (proxy.Scheme == "http" || proxy.Scheme == "https") {
		k.address = ""
	}
	return k, address, proxy, nil
}

// firstHop is where the socket leads.
func (o *origin) firstHop() string {
	if o.proxy != nil {
		return o.state.addressOf(o.proxy)
	}
	return o.address
}
