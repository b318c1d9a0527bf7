package bench

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/slotpool/slotpool/bench/work"
	"github.com/slotpool/slotpool/connpool"
)

// BenchmarkHTTP is one user who makes requests to one HTTP server, over the
// pool that is in net/http, and over connections of slotpool with net/http
// only to write the request and read the answer.
func BenchmarkHTTP(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "0123456789012345678901234567890123456789012345678901234567890123")
	}))
	b.Cleanup(server.Close)
	const axes = "users=1/slots=64/addresses=1/hold=0/transport=tcp/request=http/impl="
	b.Run(axes+"slotpool", func(b *testing.B) { httpOver(b, server, slotpoolHTTP(b, server)) })
	b.Run(axes+"net-http", func(b *testing.B) {
		transport := &http.Transport{MaxIdleConns: 64, DisableCompression: true}
		b.Cleanup(transport.CloseIdleConnections)
		httpOver(b, server, transport)
	})
}

func httpOver(b *testing.B, server *httptest.Server, over http.RoundTripper) {
	b.ReportAllocs()
	for range b.N {
		request, err := http.NewRequest(http.MethodGet, server.URL, nil)
		work.Check(err)
		response, err := over.RoundTrip(request)
		work.Check(err)
		_, err = io.Copy(io.Discard, response.Body)
		work.Check(err)
		work.Check(response.Body.Close())
	}
}

func slotpoolHTTP(b *testing.B, server *httptest.Server) http.RoundTripper {
	address := server.Listener.Addr().(*net.TCPAddr).String()
	t := &slotTransport{conns: connpool.New("tcp", address)}
	b.Cleanup(t.conns.ScheduleClose)
	return t
}

// slotTransport is a RoundTripper for one server. Its answers must be read to
// the end and closed, as those of http.Transport must for reuse.
type slotTransport struct {
	conns   *connpool.ConnResource
	readers sync.Pool // of *bufio.Reader
}

func (t *slotTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	conn, err := t.conns.Get(request.Context().Done(), 0)
	if err != nil {
		return nil, err
	}
	if err := request.Write(conn); err != nil {
		conn.Close()
		return nil, err
	}
	reader, ok := t.readers.Get().(*bufio.Reader)
	if !ok {
		reader = bufio.NewReader(nil)
	}
	reader.Reset(conn)
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		conn.Close()
		return nil, err
	}
	response.Body = &slotBody{response.Body, t, conn, reader}
	return response, nil
}

type slotBody struct {
	io.ReadCloser
	transport *slotTransport
	conn      *connpool.Conn
	reader    *bufio.Reader
}

func (b *slotBody) Close() error {
	err := b.ReadCloser.Close()
	b.conn.Put()
	b.transport.readers.Put(b.reader)
	return err
}
