// Package livepage serves what slotdebug shows, while a program of this repository runs.
package livepage

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slotdebug"
)

// mostViewers is how many connections those who look may have at once, as each of them is
// a descriptor that the program allows for.
const mostViewers = 4

// Page is a server of the page. The methods of a nil one do nothing.
type Page struct {
	server   *http.Server
	listener net.Listener
}

// Open serves the page at an address, with the Pools by their names there. It returns nil
// for no address. The error names the flag that both programs have for it.
func Open(address string, conns map[string]*connpool.Pool) (*Page, error) {
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-http %s: %w", address, err)
	}
	p := &Page{&http.Server{Handler: &slotdebug.Handler{Conns: conns}, ReadHeaderTimeout: 10 * time.Second}, l}
	go func() { _ = p.server.Serve(connpool.NewListener(l, resourcepool.New(mostViewers, ""))) }()
	return p, nil
}

// URL is where the page is.
func (p *Page) URL() string { return "http://" + p.listener.Addr().String() + "/" }

// Descriptors is how many the page may have open: the listener's and those of its viewers.
func (p *Page) Descriptors() int {
	if p == nil {
		return 0
	}
	return 1 + mostViewers
}

// Close ends the page and the connections of those who look.
func (p *Page) Close() {
	if p != nil {
		_ = p.server.Close()
		_ = p.listener.Close()
	}
}
