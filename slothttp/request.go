package slothttp

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

func hasBody(r *http.Request) bool { return r.Body != nil && r.Body != http.NoBody }

// sentBody is a request's body that knows what became of it.
type sentBody struct {
	io.ReadCloser
	read   atomic.Bool
	failed atomic.Bool // a Read did
	closed atomic.Bool
	done   func() // called once, by Close
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.read.Store(true)
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.failed.Store(true)
	}
	return n, err
}

func (b *sentBody) Close() error {
	if !b.closed.CompareAndSwap(false, true) {
		return nil
	}
	err := b.ReadCloser.Close()
	if b.done != nil {
		b.done()
	}
	return err
}

// untouched reports whether the body can be sent as if it had not been tried.
func (b *sentBody) untouched() bool { return b == nil || !b.read.Load() && !b.closed.Load() }

// finish closes the body if that has not happened.
func (b *sentBody) finish() {
	if b != nil {
		_ = b.Close()
	}
}

var (
	errAged         = errors.New("slothttp: connection is past its lifetime")
	errCancelled    = errors.New("net/http: request canceled") // as net/http words it
	errCannotRewind = errors.New("net/http: cannot rewind body after connection loss")
)

func wantsWebSocket(r *http.Request) bool {
	upgrade := r.Header.Get("Upgrade")
	return upgrade != "" && strings.EqualFold(upgrade, "websocket") && hasToken(r.Header.Get("Connection"), "upgrade")
}

// hasToken reports whether token, in lower case, is in a header's list.
func hasToken(list, token string) bool {
	for t := range strings.FieldsFuncSeq(list, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' }) {
		if strings.EqualFold(t, token) {
			return true
		}
	}
	return false
}

// wellFormed reports whether r can be sent at all. If it is not, net/http says
// why, before any connection is looked for.
func wellFormed(r *http.Request) bool {
	return r.URL != nil && r.Header != nil && r.URL.Host != "" && (r.Method == "" || isToken(r.Method)) &&
		fit(r.Header) && fit(r.Trailer)
}

func fit(h http.Header) bool {
	for name, values := range h {
		if !isToken(name) {
			return false
		}
		for _, v := range values {
			if !isFieldValue(v) {
				return false
			}
		}
	}
	return true
}

// isToken is that of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether s has no control characters but tabs.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
