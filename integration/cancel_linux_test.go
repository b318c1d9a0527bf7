package integration

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// activeQueries asks, over a connection that is none of the pool's, how many sleep.
func activeQueries(t *testing.T, admin *pgx.Conn) (n int) {
	t.Helper()
	const ask = "select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'"
	if err := admin.QueryRow(t.Context(), ask).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// cancelAll has all ten connections of pgx's pool cancel a query at once.
func cancelAll(t *testing.T, db *pgxpool.Pool, admin *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range databaseConns {
		wg.Go(func() {
			if _, err := db.Exec(ctx, "select pg_sleep(60)"); !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled query: %v", err)
			}
		})
	}
	testkit.Eventually(t, "all sleep", func() bool { return activeQueries(t, admin) == databaseConns })
	cancel()
	wg.Wait()
}

// databaseConns is what the clients in snippets have at most.
const databaseConns = 10

// pgx dials a second connection to cancel a query while it holds the first. With a
// slot for that, as snippets.Database has it, all queries of all connections are
// cancelled at once, those at the server too, and the pool goes on.
func TestCancelledQueriesWithASlotToCancelWith(t *testing.T) {
	needPostgres(t)
	if !limited(t) {
		return
	}
	_, url := startPostgres(t)
	admin := connectAdmin(t, url)
	b := limit(t, 64)
	slots := resourcepool.New(databaseConns+5, "")
	pool := snippets.Database(slots)
	db, err := snippets.Pgx(t.Context(), pool, url)
	if err != nil {
		t.Fatal(err)
	}
	cancelAll(t, db, admin)
	testkit.Eventually(t, "the server sleeps no more", func() bool { return activeQueries(t, admin) == 0 })
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if _, err := db.Exec(ctx, "select 1"); err != nil {
		t.Errorf("the next query: %v", err)
	}
	db.Close()
	testkit.Eventually(t, "all slots are free", func() bool { return slots.Stats().InUse == 0 })
	b.back()
}

// Without such a slot the cancels wait for slots that they hold themselves, and pgx
// drains each connection for 15 s when they have failed. That is not mended here
// but bounded: every query ends with its own context.
func TestCancelledQueriesWithoutASlotToCancelWith(t *testing.T) {
	needPostgres(t)
	if !limited(t) {
		return
	}
	_, url := startPostgres(t)
	admin := connectAdmin(t, url)
	b := limit(t, 64)
	slots := resourcepool.New(databaseConns, "")
	pool := &connpool.Pool{Slots: slots, DialTimeout: 2 * time.Second}
	db, err := snippets.Pgx(t.Context(), pool, url)
	if err != nil {
		t.Fatal(err)
	}
	cancelAll(t, db, admin)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	if _, err := db.Exec(ctx, "select 1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the next query: %v", err)
	}
	cancel()
	// The sleepers end, and so do pgx's drains.
	if _, err := admin.Exec(t.Context(), terminateOthers); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if _, err := db.Exec(ctx, "select 1"); err != nil {
		t.Errorf("a query after the outage: %v", err)
	}
	db.Close()
	testkit.Eventually(t, "all slots are free", func() bool { return slots.Stats().InUse == 0 })
	b.back()
}
