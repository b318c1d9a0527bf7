//go:build linux

package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/slotpool/slotpool/cmd/soak/wire"
)

// httpMethod is how an HTTP request begins here, in as many bytes as begin a frame.
const httpMethod = "POST /"

// isHTTP tells a request of HTTP/1 from a frame, by its first bytes.
func isHTTP(prefix []byte) bool { return bytes.HasPrefix(prefix, []byte(httpMethod)) }

// answerHTTP is answer for a request of HTTP/1 whose first bytes are in frame. Its
// body is a frame. A client sends no request before the last one is answered, so what is
// buffered is of this one.
func (p *peer) answerHTTP(frame []byte) bool {
	begun := bytes.NewReader(bytes.Clone(frame[:wire.FramePrefix]))
	r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(begun, p.conn)))
	if err != nil || r.ContentLength < wire.FrameHeader || r.ContentLength > wire.MaxFrame {
		return false
	}
	body := frame[:r.ContentLength]
	if !p.reads(func() error { _, err := io.ReadFull(r.Body, body); return err }) {
		return false
	}
	_, err = fmt.Fprintf(p.conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return err == nil
}
