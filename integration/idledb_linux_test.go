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

// useAll asks one question over each connection that the clients may have.
func (d databases) useAll(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	var release []func()
	for i := range databaseConns {
		p, err := d.pgx.Acquire(ctx)
		if err != nil {
			t.Fatalf("pgx: %v", err)
		}
		s, err := d.std.Conn(ctx)
		if err != nil {
			t.Fatalf("database/sql: %v", err)
		}
		release = append(release, p.Release, func() { s.Close() })
		var n, m int
		err1 := p.QueryRow(ctx, "select $1::int", i).Scan(&n)
		err2 := s.QueryRowContext(ctx, "select $1::int", i).Scan(&m)
		if err1 != nil || err2 != nil || n != i || m != i {
			t.Errorf("query %d: pgx: %d, %v; database/sql: %d, %v", i, n, err1, m, err2)
		}
	}
	for _, f := range release {
		f()
	}
}

// PostgreSQL ends sessions that were idle for a time. Their slots are taken until the clients
// look, or until somebody else wants them. No query is lost by that, and no connection is
// left in CLOSE_WAIT.
func TestDatabasesIdleTimeoutCostsNoQuery(t *testing.T) {
	needPostgres(t)
	if !limited(t) {
		return
	}
	server, url := startPostgres(t)
	admin := connectAdmin(t, url)
	b := limit(t, 64)
	const all = 2 * databaseConns
	pool := &connpool.Pool{Slots: resourcepool.New(all, ""), DialTimeout: testkit.Patience, EvictQuiet: time.Second}
	db := openDatabases(t, pool, url+idleName+"&idle_session_timeout=1500ms")
	db.useAll(t)
	awaitNoSessions(t, admin)
	testkit.Eventually(t, "all are in CLOSE_WAIT", func() bool { return closeWaits(t) == all })
	if st := pool.Slots.Stats(); st.InUse != all {
		t.Errorf("%d slots are in use, want %d: nobody has looked", st.InUse, all)
	}

	others := &connpool.Pool{Slots: pool.Slots, DialTimeout: testkit.Patience}
	var conns []net.Conn
	for range all {
		c, err := others.DialContext(t.Context(), "tcp", server.address)
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

	db.useAll(t) // each ping finds a connection that was evicted
	awaitNoSessions(t, admin)
	db.useAll(t) // and now one that PostgreSQL has ended
	testkit.Eventually(t, "none is in CLOSE_WAIT", func() bool { return closeWaits(t) == 0 })
	db.pgx.Close()
	db.std.Close()
	testkit.Eventually(t, "all slots are free", func() bool { return pool.Slots.Stats().InUse == 0 })
	b.back()
}

// A transaction that waits for its program is ended by PostgreSQL. It is told so, and its slot
// comes back.
func TestTransactionThatItsServerEnds(t *testing.T) {
	needPostgres(t)
	if !limited(t) {
		return
	}
	_, url := startPostgres(t)
	admin := connectAdmin(t, url)
	b := limit(t, 64)
	slots := resourcepool.New(databaseConns+1, "")
	db := openDatabases(t, snippets.Database(slots), url+idleName+"&idle_in_transaction_session_timeout=100ms")
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
	awaitNoSessions(t, admin)
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
	b.back()
}
