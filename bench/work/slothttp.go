package work

import (
	"bufio"
	"io"
	"net/http"
	"sync"

	"github.com/slotpool/slotpool/connpool"
)

// SlotpoolHTTP is this library with net/http only to write the request and to
// read the answer.
var SlotpoolHTTP = NamedHTTP("slotpool", func(s HTTPShape) http.RoundTripper {
	t := &slotTransport{dialer: s.Dialer, conns: map[string]*connpool.ConnResource{}}
	for _, host := range s.Hosts {
		t.conns[host] = connpool.New("tcp", host)
	}
	return t
})

type slotTransport struct {
	dialer  Dialer
	conns   map[string]*connpool.ConnResource
	buffers sync.Pool // of *bufio.ReadWriter
}

func (t *slotTransport) Close() {
	for _, c := range t.conns {
		c.ScheduleClose()
	}
}

func (t *slotTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	conn, err := t.conns[request.URL.Host].GetWithDialer(request.Context().Done(), t.dialer)
	if err != nil {
		return nil, err
	}
	buffer, ok := t.buffers.Get().(*bufio.ReadWriter)
	if !ok {
		buffer = bufio.NewReadWriter(bufio.NewReader(nil), bufio.NewWriter(nil))
	}
	buffer.Reader.Reset(conn.Conn)
	buffer.Writer.Reset(conn.Conn)
	response, err := exchange(buffer, request)
	if err != nil {
		conn.Close()
		return nil, err
	}
	response.Body = &slotBody{ReadCloser: response.Body, keep: !response.Close, transport: t, conn: conn, buffer: buffer}
	return response, nil
}

func exchange(buffer *bufio.ReadWriter, request *http.Request) (*http.Response, error) {
	if err := request.Write(buffer); err != nil {
		return nil, err
	}
	if err := buffer.Flush(); err != nil {
		return nil, err
	}
	return http.ReadResponse(buffer.Reader, request)
}

// slotBody parks the connection if the answer was read to its end.
type slotBody struct {
	io.ReadCloser
	keep, ended bool
	transport   *slotTransport
	conn        *connpool.Conn
	buffer      *bufio.ReadWriter
}

func (b *slotBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	b.ended = b.ended || err == io.EOF
	return n, err
}

func (b *slotBody) Close() error {
	if b.buffer == nil {
		return nil
	}
	err := b.ReadCloser.Close()
	if b.keep && b.ended && b.buffer.Reader.Buffered() == 0 {
		b.conn.Put()
	} else {
		b.conn.Close()
	}
	b.transport.buffers.Put(b.buffer)
	b.buffer = nil
	return err
}
