package slothttp

import (
	"io"
	"net/http"
	"time"
)

// A foreign connection is a *tls.Conn that Base's DialTLSContext made. net/http
// must get it as it is, so nobody sees when the socket below is closed. Only
// net/http's state hook tells of that. But the hook also says "closed" when a 101 has
// handed the connection over to the caller.

// upgrade is what is known of that.
type upgrade struct {
	busy   bool // RoundTrip runs: its response may yet take the connection over
	over   bool // net/http is done with the connection
	handed bool // it is in a response's body
}

// foreignState is the state hook.
func (l *link) foreignState(cc *http.ClientConn) {
	l.origin.streamsFreed(cc)
	if cc.Err() == nil {
		return
	}
	l.mu.Lock()
	l.upgrade.over = true
	end := !l.upgrade.handed && (!l.upgrade.busy || l.shared.Load())
	l.mu.Unlock()
	if end {
		l.closeSocket()
	}
}

// overForeign makes a request over a foreign connection.
func (t *try) overForeign(l *link, r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.upgrade.busy = true
	l.mu.Unlock()
	response, err := l.cc.RoundTrip(r)
	l.mu.Lock()
	l.upgrade.busy = false
	handed := err == nil && !l.shared.Load() && isWritable(response)
	l.upgrade.handed = handed
	end := l.upgrade.over && !handed
	l.mu.Unlock()
	if end {
		l.closeSocket()
	}
	if handed {
		response.Body = &handedBody{response.Body.(io.ReadWriteCloser), l}
	}
	return t.part.end(response, err)
}

// handedBody is the body of a 101 over a foreign connection.
type handedBody struct {
	io.ReadWriteCloser
	link *link
}

func (b *handedBody) Close() error {
	err := b.ReadWriteCloser.Close()
	b.link.closeSocket()
	return err
}

// CloseWrite is that of the connection.
func (b *handedBody) CloseWrite() error {
	if c, ok := b.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errNoCloseWrite
}

func (l *link) closeForeign() {
	if l.closed.CompareAndSwap(false, true) {
		_ = l.foreign.NetConn().SetDeadline(time.Now().Add(alertPatience))
		_ = l.foreign.Close()
		l.gone()
	}
}
