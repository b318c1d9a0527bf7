package slothttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// env is one run of an exchange, over one of the two transports.
type env struct {
	*testing.T
	base *http.Transport // to be set up before the first use of rt
	rt   http.RoundTripper

	http2 bool // what a trace is told differs in part

	mu   sync.Mutex
	out  []string // what came of it
	late bool     // an exchange took so long that its connection may have been given up
}

// writerPatience is how long net/http waits, when an answer is there, until its own writer says that
// the request is out. Then it gives the connection up. So an exchange that took longer may
// have cost its connection, by either transport, where nothing went wrong but the machine had
// other work. It is maxWriteWaitBeforeConnReuse there.
const writerPatience = 50 * time.Millisecond

// mostLate is how often a comparison is made again of which that may be the reason. One in which no
// exchange was late counts at once.
const mostLate = 20

// timed notes whether an exchange that began then was late.
func (e *env) timed(began time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.late = e.late || time.Since(began) >= writerPatience
}

// comparison is an exchange that must have the same outcome over both.
type comparison struct {
	name string
	want string // is in that outcome, so that not both do nothing
	run  func(e *env)
}

func compare(t *testing.T, all []comparison) {
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := resourcepool.New(8, "")
			var theirs, ours string
			for try := 0; ; try++ {
				var late [2]bool
				theirs, late[0] = outcome(t, "net/http", c, func(base *http.Transport) http.RoundTripper { return base })
				ours, late[1] = outcome(t, "slothttp", c, func(base *http.Transport) http.RoundTripper {
					return &slothttp.Transport{Base: base, Slots: pool}
				})
				if theirs == ours && strings.Contains(theirs, c.want) || late == [2]bool{} || try == mostLate {
					break
				}
			}
			if theirs != ours {
				t.Errorf("net/http:\n%s\nslothttp:\n%s", theirs, ours)
			}
			if !strings.Contains(theirs, c.want) {
				t.Errorf("net/http:\n%s\nwant %q in it", theirs, c.want)
			}
			testkit.Eventually(t, "all slots are free", func() bool {
				s := pool.Stats()
				return s.InUse+s.Idle+s.Releasing == 0
			})
		})
	}
}

func outcome(t *testing.T, name string, c comparison, over func(*http.Transport) http.RoundTripper) (text string, late bool) {
	t.Run(name, func(t *testing.T) {
		base := &http.Transport{}
		e := &env{T: t, base: base, rt: over(base)}
		c.run(e)
		e.rt.(interface{ CloseIdleConnections() }).CloseIdleConnections()
		e.mu.Lock()
		defer e.mu.Unlock()
		text, late = strings.Join(e.out, "\n"), e.late
	})
	return text, late
}

var varying = regexp.MustCompile(`(127\.0\.0\.1|localhost|\[::1\])(:\d+)(->\S+:\d+)?`)

// note adds a line to the outcome.
func (e *env) note(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.out = append(e.out, varying.ReplaceAllString(fmt.Sprintf(format, args...), "ADDRESS"))
}

func (e *env) request(method, url, body string) *http.Request {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(e.Context(), method, url, content)
	if err != nil {
		e.Fatal(err)
	}
	return r
}

// do makes a request and notes all that can be seen of the answer.
func (e *env) do(r *http.Request) {
	e.Helper()
	defer e.timed(time.Now())
	response, err := e.rt.RoundTrip(r)
	if err != nil {
		e.noteError(err)
		return
	}
	defer response.Body.Close()
	e.noteAnswer(r, response)
}

func (e *env) noteAnswer(r *http.Request, response *http.Response) {
	body, err := io.ReadAll(response.Body)
	var headers []string
	for k, v := range response.Header {
		if k != "Date" {
			headers = append(headers, fmt.Sprintf("%s=%q", k, v))
		}
	}
	slices.Sort(headers)
	e.note("%s %s length %d encoding %q close %v uncompressed %v tls %v", response.Proto, response.Status, response.ContentLength,
		response.TransferEncoding, response.Close, response.Uncompressed, response.TLS != nil)
	e.note("headers %v", headers)
	e.note("body %q error %v trailer %v", body, err, response.Trailer)
	if response.ProtoMajor == 1 { // over HTTP/2 net/http sometimes shows its own
		e.note("request is ours: %v", response.Request == r)
	}
}

func (e *env) noteError(err error) {
	e.note("error %v", err)
	e.noteKind(err)
}

// noteKind is for errors that say the same in other words.
func (e *env) noteKind(err error) {
	var timeout net.Error
	e.note("cancelled %v deadline %v eof %v timeout %v", errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &timeout) && timeout.Timeout())
}

// scripted is a server that does what the test says on each of its connections,
// which are numbered from 0.
func (e *env) scripted(serve func(number int, c *peer)) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() {
				defer c.Close()
				serve(n, &peer{Conn: c, r: bufio.NewReader(c), e: e})
			})
		}
	})
	e.Cleanup(func() {
		l.Close()
		done.Wait()
	})
	return "http://" + l.Addr().String()
}

// peer is the server's end of a connection.
type peer struct {
	net.Conn
	r *bufio.Reader
	e *env
}

// take reads a request and notes that it came.
func (p *peer) take() *http.Request {
	r, err := http.ReadRequest(p.r)
	if err != nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	p.e.note("server got %s %s %q %v", r.Method, r.URL, body, err)
	return r
}

func (p *peer) say(text string) { _, _ = io.WriteString(p, text) }

// wait returns when the client has closed the connection.
func (p *peer) wait() { _, _ = io.Copy(io.Discard, p.r) }

const (
	okHi   = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
	okNone = "HTTP/1.1 204 No Content\r\n\r\n"
)

// doTraced is do with a trace.
func (e *env) doTraced(r *http.Request) {
	r, done := e.traced(r)
	e.do(r)
	done()
}

// idleness is what a trace of HTTP/2 is not compared in: net/http calls a connection idle that
// others use too. Nor is how often an event comes: without TLS net/http calls GetConn twice.
var idleness = regexp.MustCompile(` idle (true|false)`)

// traced returns r with callbacks that note what they are told, each kind of
// event once or as often as it comes. They come from several goroutines, so the
// events are noted in alphabetical order, by the function that traced returns.
func (e *env) traced(r *http.Request) (*http.Request, func()) {
	var mu sync.Mutex
	var events []string
	add := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, fmt.Sprintf(format, args...))
	}
	trace := &httptrace.ClientTrace{
		GetConn: func(hostPort string) { add("GetConn %s", hostPort) },
		GotConn: func(i httptrace.GotConnInfo) {
			add("GotConn reused %v idle %v conn %v", i.Reused, i.WasIdle, i.Conn != nil)
		},
		PutIdleConn:          func(err error) { add("PutIdleConn %v", err) },
		GotFirstResponseByte: func() { add("GotFirstResponseByte") },
		Got100Continue:       func() { add("Got100Continue") },
		Got1xxResponse:       func(code int, h textproto.MIMEHeader) error { add("Got1xxResponse %d %v", code, h); return nil },
		ConnectStart:         func(network, address string) { add("ConnectStart %s", network) },
		ConnectDone:          func(network, address string, err error) { add("ConnectDone %s %v", network, err) },
		WroteHeaders:         func() { add("WroteHeaders") },
		Wait100Continue:      func() { add("Wait100Continue") },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { add("WroteRequest %v", i.Err) },
	}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), trace)), func() {
		if e.http2 {
			awaitWritten(&mu, &events)
		}
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(events)
		if e.http2 {
			for i := range events {
				events[i] = idleness.ReplaceAllString(events[i], "")
			}
			events = slices.Compact(events)
		}
		e.note("%s", strings.Join(events, "\n"))
	}
}

// awaitWritten waits until the writer says that it is done, which may be a moment after the answer
// was read. If it has not said so in a second it will not.
func awaitWritten(mu *sync.Mutex, events *[]string) {
	written := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return !slices.Contains(*events, "WroteHeaders") ||
			slices.ContainsFunc(*events, func(e string) bool { return strings.HasPrefix(e, "WroteRequest") })
	}
	for deadline := time.Now().Add(time.Second); !written() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}
