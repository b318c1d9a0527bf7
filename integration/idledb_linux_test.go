package integration

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// idleName is how PostgreSQL knows the sessions that it ends.
const idleName = "&application_name=idle"

// awaitNoSessions waits until PostgreSQL has ended all of them.
func awaitNoSessions(t *testing.T, admin *pgx.Conn) {
	t.Helper()
	testkit.Eventually(t, "PostgreSQL has ended all sessions", func() bool {
		n := -1
		err := admin.QueryRow(t.Context(), "select count(*) from pg_stat_activity where application_name = 'idle'").Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
}

// databases are the two kinds of clients of PostgreSQL.
type databases struct {
	pgx *pgxpool.Pool
	std *sql.DB
}

func openDatabases(t *testing.T, pool *connpool.Pool, url string) (d databases) {
	t.Helper()
	var err1, err2 error
	d.pgx, err1 = snippets.Pgx(t.Context(), pool, url)
	d.std, err2 = snippets.SQL(pool, url)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return d
}

// useAll says something over each connection that the clients may have.
func (d databases) useAll(t *testing.T, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	var release []func()
	for range databaseConns {
		p, err := d.pgx.Acquire(ctx)
		if err != nil {
			t.Fatalf("pgx: %v", err)
		}
		s, err := d.std.Conn(ctx)
		if err != nil {
			t.Fatalf("database/sql: %v", err)
		}
		release = append(release, p.Release, func() { s.Close() })
		_, err1 := p.Exec(ctx, statement)
		_, err2 := s.ExecContext(ctx, statement)
		if err1 != nil || err2 != nil {
			t.Errorf("%s: pgx: %v; database/sql: %v", statement, err1, err2)
		}
	}
	for _, f := range release {
		f()
	}
}

// idle has PostgreSQL end the sessions of all connections as they are idle. Then it waits
// until the clients ask before they use one again: see snippets.Pgx.
func (d databases) idle(t *testing.T, admin *pgx.Conn, pool *connpool.Pool) {
	t.Helper()
	d.useAll(t, "set idle_session_timeout = '100ms'")
	released := time.Now()
	awaitNoSessions(t, admin)
	testkit.Eventually(t, "the clients ask", func() bool { return time.Since(released) > pool.EvictQuiet/2 })
}

// PostgreSQL ends sessions that were idle for a time. Their slots are taken until the clients
// look, or until somebody else wants them. No query is lost by that, and no connection is
// left in CLOSE_WAIT.
func TestDatabasesIdleTimeoutCostsNoQuery(t *testing.T) {
	pg := postgresUnderLimit(t)
	if pg == nil {
		return
	}
	const conns, slots = 2 * databaseConns, 2 * (databaseConns + 1)
	pool := &connpool.Pool{Slots: resourcepool.New(slots, ""), DialTimeout: testkit.Patience, EvictQuiet: time.Second}
	db := openDatabases(t, pool, pg.url+idleName)
	db.idle(t, pg.admin, pool)
	testkit.Eventually(t, "all are in CLOSE_WAIT", func() bool { return closeWaits(t) == conns })
	if st := pool.Slots.Stats(); st.InUse != conns {
		t.Errorf("%d slots are in use, want %d: nobody has looked", st.InUse, conns)
	}
	holdAll(t, &connpool.Pool{Slots: pool.Slots, DialTimeout: testkit.Patience}, pg.server.address, slots)

	db.idle(t, pg.admin, pool) // each ping finds a connection that was evicted
	db.useAll(t, "select 1")   // and now one that PostgreSQL has ended
	testkit.Eventually(t, "none is in CLOSE_WAIT", func() bool { return closeWaits(t) == 0 })
	db.pgx.Close()
	db.std.Close()
	testkit.Eventually(t, "all slots are free", func() bool { return pool.Slots.Stats().InUse == 0 })
	pg.back()
}

// holdAll has all slots for a moment. Nothing is in CLOSE_WAIT then.
func holdAll(t *testing.T, pool *connpool.Pool, address string, slots int) {
	t.Helper()
	var conns []net.Conn
	for range slots {
		c, err := pool.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	if n := closeWaits(t); n != 0 {
		t.Errorf("%d connections are in CLOSE_WAIT", n)
	}
	for _, c := range conns {
		c.Close()
	}
}

// A transaction that waits for its program is ended by PostgreSQL. It is told so, and its slot
// comes back.
func TestTransactionThatItsServerEnds(t *testing.T) {
	pg := postgresUnderLimit(t)
	if pg == nil {
		return
	}
	slots := resourcepool.New(databaseConns+1, "")
	db := openDatabases(t, snippets.Database(slots), pg.url+idleName+"&idle_in_transaction_session_timeout=100ms")
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	tx, err := db.pgx.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	std, err := db.std.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	awaitNoSessions(t, pg.admin)
	_, err = tx.Exec(ctx, "select 1")
	_, err2 := std.ExecContext(ctx, "select 1")
	for _, err := range []error{err, err2} {
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "25P03" {
			t.Errorf("a statement after the transaction was ended: %v", err)
		}
	}
	_, _ = tx.Rollback(ctx), std.Rollback() // they say that the connection is closed
	testkit.Eventually(t, "the slots are free", func() bool { return slots.Stats().InUse == 0 })
	_, err = db.pgx.Exec(ctx, "select 1")
	_, err2 = db.std.ExecContext(ctx, "select 1")
	if err != nil || err2 != nil {
		t.Errorf("the next query: pgx: %v; database/sql: %v", err, err2)
	}
	db.pgx.Close()
	db.std.Close()
	testkit.Eventually(t, "all slots are free", func() bool { return slots.Stats().InUse == 0 })
	pg.back()
}
