package integration

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// mailServer is as much of an SMTP server as snippets.Mail needs.
type mailServer struct {
	mu       sync.Mutex
	greeted  int // connections
	commands []string
}

func (m *mailServer) serve(conn net.Conn) {
	defer conn.Close()
	m.mu.Lock()
	m.greeted++
	m.mu.Unlock()
	fmt.Fprint(conn, "220-hello\r\n220 there\r\n")
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		m.mu.Lock()
		m.commands = append(m.commands, command)
		m.mu.Unlock()
		switch {
		case command == "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			for err == nil && line != ".\r\n" {
				line, err = r.ReadString('\n')
			}
			fmt.Fprint(conn, "250 queued\r\n")
		case strings.Contains(line, "nobody"):
			fmt.Fprint(conn, "550 no such user\r\n")
		default:
			fmt.Fprint(conn, "250-so\r\n250 be it\r\n")
		}
	}
}

func TestMailOverKeptConnections(t *testing.T) {
	server := new(mailServer)
	address := testkit.Serve(t, server.serve)
	pool := snippets.SMTP()
	defer pool.Close()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	for range 3 {
		if err := snippets.Mail(ctx, pool, address, "me@example", "you@example", "hello"); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "it was reset and parked", func() bool { return pool.Stats().Idle == 1 })
	}
	if err := snippets.Mail(ctx, pool, address, "me@example", "nobody@example", "hello"); err == nil || !strings.Contains(err.Error(), "550") {
		t.Errorf("a mail to nobody: %v", err)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	const mail = "MAIL FROM RCPT TO DATA RSET "
	if got, want := strings.Join(server.commands, " "), "EHLO localhost "+mail+mail+mail+"MAIL FROM RCPT TO"; got != want || server.greeted != 1 {
		t.Errorf("%d connections, %q", server.greeted, got)
	}
}

// A server that greets nobody must not hold the dial for longer than its context.
func TestGreetingThatDoesNotCome(t *testing.T) {
	address := testkit.Serve(t, func(c net.Conn) {
		_, _ = io.Copy(io.Discard, c) // until the dial gives up
		c.Close()
	})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error)
	go func() {
		conn, err := snippets.SMTP().DialFunc(ctx, "tcp", address)
		if err == nil {
			conn.Close()
		}
		over <- err
	}()
	cancel()
	if err := <-over; err == nil {
		t.Error("a connection without a greeting")
	}
}

func TestOtherHTTPKeepsOneConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer server.Close()
	pool := &connpool.Pool{Slots: resourcepool.New(1, "")}
	client := snippets.OtherHTTP(pool)
	for range 3 {
		if err := askHello(client, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if st := pool.Stats(); st.Dialed != 1 || st.Dials.Succeeded != 1 {
		t.Errorf("%+v", st)
	}
	client.CloseIdleConnections()
	testkit.Eventually(t, "the slot is free", func() bool { return pool.Slots.Stats().InUse == 0 })
}

func TestBadURLsOfDatabases(t *testing.T) {
	pool := &connpool.Pool{Slots: resourcepool.New(1, "")}
	if _, err := snippets.Pgx(t.Context(), pool, "no url"); err == nil {
		t.Error("pgx took it")
	}
	var db *sql.DB
	var err error
	if db, err = snippets.SQL(pool, "no url"); err == nil {
		db.Close()
		t.Error("database/sql took it")
	}
}

// A ping before each query would double the round trips, and none would miss what was
// evicted.
func TestPgxPingsWhatMayHaveBeenEvicted(t *testing.T) {
	for quiet, want := range map[time.Duration]time.Duration{0: time.Second, 50 * time.Millisecond: 25 * time.Millisecond, time.Hour: time.Second} {
		pool := &connpool.Pool{Slots: resourcepool.New(1, ""), EvictQuiet: quiet}
		db, err := snippets.Pgx(t.Context(), pool, "postgres://127.0.0.1:1/none")
		if err != nil {
			t.Fatal(err)
		}
		ping := func(idle time.Duration) bool {
			return db.Config().ShouldPing(t.Context(), pgxpool.ShouldPingParams{IdleDuration: idle})
		}
		if ping(want) || !ping(want+1) {
			t.Errorf("EvictQuiet %v: pings after %v: %v, after a moment more: %v", quiet, want, ping(want), ping(want+1))
		}
		db.Close()
	}
}

func TestRPCCallsEndWithTheirContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	slots := resourcepool.New(1, "")
	c := snippets.NewRPC(slots, l.Addr().String()) // it is never answered
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error)
	for range 3 {
		go func() { over <- c.Call(ctx, "Arith.Never", 0, new(int)) }()
	}
	testkit.Eventually(t, "it has connected", func() bool { return slots.Stats().Allocations == 1 })
	cancel()
	for range 3 {
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	slots.ReleaseIdle(1)
	if st := slots.Stats(); st.InUse+st.Idle != 0 {
		t.Errorf("%+v", st)
	}
}

// Picky is the service of a server that may say no, or hang up.
type Picky struct{ conns chan net.Conn }

// Half wants an even number.
func (Picky) Half(n int, half *int) error {
	if *half = n / 2; n%2 != 0 {
		return fmt.Errorf("%d is odd", n)
	}
	return nil
}

// HangUp closes the connection that it is called on, if that is the oldest.
func (p Picky) HangUp(int, *int) error { return (<-p.conns).Close() }

// An answer that is an error must not cost the connection, and a connection that broke
// in a call must not go to the next user.
func TestRPCReleasesOnlyBrokenConnections(t *testing.T) {
	server, service := rpc.NewServer(), Picky{make(chan net.Conn, 8)}
	if err := server.Register(service); err != nil {
		t.Fatal(err)
	}
	slots := resourcepool.New(1, "")
	client := snippets.NewRPC(slots, testkit.Serve(t, func(c net.Conn) {
		service.conns <- c
		server.ServeConn(c)
	}))
	defer slots.Close()
	for _, c := range []struct {
		method     string
		n          int
		fails      bool
		connected  uint64 // until then
		idleIsLeft uint
	}{{"Half", 4, false, 1, 1}, {"Half", 3, true, 1, 1}, {"HangUp", 0, true, 1, 0}, {"Half", 6, false, 2, 1}} {
		err := client.Call(t.Context(), "Picky."+c.method, c.n, new(int))
		st := slots.Stats()
		if (err != nil) != c.fails || st.Allocations != c.connected || st.Idle != c.idleIsLeft || st.InUse != 0 {
			t.Errorf("%s of %d: %v; %+v", c.method, c.n, err, st)
		}
	}
}

// askHello expects what our nginx answers.
func askHello(client *http.Client, url string) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && string(body) != "hello" {
		err = fmt.Errorf("%s: %q", r.Status, body)
	}
	return err
}
