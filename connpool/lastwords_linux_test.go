package connpool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func say(t *testing.T, peer net.Conn, words []byte) {
	t.Helper()
	if _, err := peer.Write(words); err != nil {
		t.Fatal(err)
	}
}

func hangUp(t *testing.T, peer net.Conn) {
	t.Helper()
	if err := peer.Close(); err != nil {
		t.Fatal(err)
	}
}

func breakOff(t *testing.T, peer net.Conn) {
	t.Helper()
	if err := peer.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	hangUp(t, peer)
}

// A server ends idle connections, and says why. Their slots were taken until the client
// looked.
func TestConnectionThatItsServerEndedMakesRoom(t *testing.T) {
	words := []byte("terminating connection due to idle-session timeout")
	for name, c := range map[string]struct {
		deed  func(t *testing.T, c, peer net.Conn)
		words []byte
		end   error
	}{
		"closed": {func(t *testing.T, _, peer net.Conn) { hangUp(t, peer) }, nil, io.EOF},
		"closed with last words": {func(t *testing.T, _, peer net.Conn) {
			say(t, peer, words)
			hangUp(t, peer)
		}, words, io.EOF},
		"closed with a request that is not answered": {func(t *testing.T, c, peer net.Conn) {
			send(t, c, peer)
			hangUp(t, peer)
		}, nil, io.EOF},
		"closed with the most words": {func(t *testing.T, _, peer net.Conn) {
			say(t, peer, make([]byte, mostLastWords))
			hangUp(t, peer)
		}, make([]byte, mostLastWords), io.EOF},
		"closed by both": {func(t *testing.T, c, peer net.Conn) {
			if err := c.(*quietConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			wantEOF(t, peer)
			say(t, peer, words)
			hangUp(t, peer)
		}, words, io.EOF},
		"broken off": {func(t *testing.T, _, peer net.Conn) { breakOff(t, peer) }, nil, net.ErrClosed},
		"broken off after words": {func(t *testing.T, _, peer net.Conn) {
			say(t, peer, words)
			breakOff(t, peer)
		}, words, net.ErrClosed},
	} {
		for _, way := range []string{"Read", "WriteTo"} {
			t.Run(name+"/"+way, func(t *testing.T) {
				s := newServer(t, "tcp")
				p := quietPool(t, 1)
				conn := mustDial(t, p, s)
				peer := s.accept()
				wantTalk(t, conn, peer)
				c.deed(t, conn, peer)
				next := mustDial(t, p, s)
				got, err := readAll(conn, way)
				if !bytes.Equal(got, c.words) || err != c.end && (err != nil || c.end != io.EOF) {
					t.Errorf("read %q, %v; want %q, %v", got, err, c.words, c.end)
				}
				if n, err := conn.Write([]byte("later")); n != 0 || err != net.ErrClosed {
					t.Errorf("a later Write: %d, %v; want 0, net.ErrClosed", n, err)
				}
				testkit.Eventually(t, "the eviction is counted", func() bool { return p.Stats().Closed == (ClosedStats{Evicted: 1}) })
				conn.Close() // frees nothing
				wantUsage(t, p.Slots, 1, 0)
				next.Close()
			})
		}
	}
}

// readAll returns what can be read. The error of a Read of io.EOF, and of a WriteTo nil, is
// the end.
func readAll(conn net.Conn, way string) (all []byte, err error) {
	if way == "WriteTo" {
		var got bytes.Buffer
		_, err = conn.(io.WriterTo).WriteTo(&got)
		return got.Bytes(), err
	}
	for buf := make([]byte, 7); ; {
		n, err := conn.Read(buf)
		all = append(all, buf[:n]...)
		if err != nil {
			return all, err
		}
	}
}

// What is unread may be the end of an answer. If it is too much to be kept elsewhere, the
// connection keeps its slot, and loses nothing.
func TestLongLastWordsKeepTheirConnection(t *testing.T) {
	s := newServer(t, "tcp")
	p := quietPool(t, 1)
	c := mustDial(t, p, s)
	peer := s.accept()
	wantTalk(t, c, peer)
	answer := bytes.Repeat([]byte("answer"), mostLastWords)
	say(t, peer, answer)
	hangUp(t, peer)
	ctx, cancel := context.WithTimeout(context.Background(), 4*quietTime)
	defer cancel()
	_, err := p.DialContext(ctx, s.network, s.address)
	wantIs(t, "a second dial", err, context.DeadlineExceeded)
	if got, err := io.ReadAll(c); !bytes.Equal(got, answer) || err != nil {
		t.Errorf("%d bytes of %d, %v", len(got), len(answer), err)
	}
	c.Close()
}

// After the user's own Close nothing is read, as with any connection.
func TestNoLastWordsAfterClose(t *testing.T) {
	s := newServer(t, "tcp")
	p := quietPool(t, 1)
	c := mustDial(t, p, s)
	peer := s.accept()
	say(t, peer, []byte("words"))
	hangUp(t, peer)
	mustDial(t, p, s).Close()
	c.Close()
	if n, err := c.Read(make([]byte, 9)); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("a Read after Close: %d, %v", n, err)
	}
}

// Users who read beside the evictions get each byte once and in order.
func TestReadersBesideEvictionsLoseNoWords(t *testing.T) {
	words := bytes.Repeat([]byte("0123456789"), 300)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var servers, users sync.WaitGroup
	servers.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				_, _ = conn.Write(words) // the user tells what is missing
			}
			conn.Close()
		}
	})
	p := dialPool(t, 2, func(p *Pool) { p.EvictQuiet = time.Millisecond })
	began, most := time.Now(), testkit.StressTime(t)
	over := func() bool { // not before it has happened, however busy the machine
		took := time.Since(began)
		return took > most+testkit.Patience || took > most && p.Stats().Closed.Evicted > 20
	}
	for u := range 6 {
		users.Go(func() {
			for i := u; !over(); i++ {
				c, err := p.DialContext(patient(t), "tcp", l.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := c.Write([]byte("?")); err != nil { // it was quiet before that
					c.Close()
					continue
				}
				time.Sleep(time.Duration(i%50) * 100 * time.Microsecond) // to meet the eviction
				// All was read and the server has yet to close: that may be quiet too.
				if got, err := readAll(c, "Read"); !bytes.Equal(got, words) || err != io.EOF && !errors.Is(err, net.ErrClosed) {
					t.Errorf("read %d bytes of %d, %v", len(got), len(words), err)
				}
				c.Close()
			}
		})
	}
	users.Wait()
	t.Logf("%d evictions", p.Stats().Closed.Evicted)
	l.Close()
	servers.Wait()
}
