package integration

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// keepsConnections is a pgx pool that keeps the connection of a cancelled query.
func keepsConnections(t *testing.T, slots *resourcepool.Pool, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.DialFunc = snippets.Database(slots).DialContext
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: testkit.Patience}
	}
	db, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// With its other way to cancel pgx keeps the connection, and the query ends with the server's
// word. It still dials a second one for that.
func TestPgxKeepsTheConnectionOfACancelledQuery(t *testing.T) {
	pg := postgresUnderLimit(t)
	if pg == nil {
		return
	}
	slots := resourcepool.New(databaseConns+1, "")
	db := keepsConnections(t, slots, pg.url)
	const queries = 3
	for range queries {
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error)
		go func() {
			_, err := db.Exec(ctx, "select pg_sleep(60)")
			over <- err
		}()
		testkit.Eventually(t, "it sleeps", func() bool { return activeQueries(t, pg.admin) == 1 })
		began := time.Now()
		cancel()
		err := <-over
		t.Logf("it ended after %v: %v", time.Since(began).Round(time.Millisecond), err)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "57014" || errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled query: %v", err)
		}
	}
	if n := db.Stat().NewConnsCount(); n != 1 {
		t.Errorf("%d connections were dialled for queries, want 1", n)
	}
	if n := slots.Stats().Allocations; n != 1+queries {
		t.Errorf("%d dials, want one and one for each cancel: %d", n, 1+queries)
	}
	db.Close()
	testkit.Eventually(t, "all slots are free", func() bool { return slots.Stats().InUse == 0 })
	pg.back()
}
