package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// idleDatabase is a pgx pool with so many connections that are idle.
func idleDatabase(t *testing.T, pool *connpool.Pool, url string, n int) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = int32(n)
	config.ConnConfig.DialFunc = pool.DialContext
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		return pool.EvictQuiet != 0 && p.IdleDuration > pool.EvictQuiet/2
	}
	db, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	var conns []*pgxpool.Conn
	for range n {
		c, err := db.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for _, c := range conns {
		c.Release()
	}
	return db
}

// dialGRPC makes a client for each address. Its pool has no EvictQuiet: see docs/integrations.md.
func dialGRPC(t *testing.T, pool *connpool.Pool, addresses []string) (clients []*grpc.ClientConn) {
	t.Helper()
	for _, address := range addresses {
		c, err := snippets.GRPC(pool, address, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	return clients
}

func checkHealth(ctx context.Context, c *grpc.ClientConn) error {
	_, err := grpc_health_v1.NewHealthClient(c).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
	return err
}

// With 50 idle database connections and 63 slots 27 of 40 gRPC servers could never
// connect. With EvictQuiet all do, and the database can still be asked.
func TestIdleDatabaseConnectionsMakeRoomForGRPC(t *testing.T) {
	needPostgres(t)
	if !limited(t) {
		return
	}
	const slots, idle, servers = 63, 50, 40
	_, url := startPostgres(t)
	_, addresses := startServing(t, "grpc", servers)
	b := limit(t, 128)
	for _, quiet := range []time.Duration{0, 50 * time.Millisecond} {
		pool := &connpool.Pool{Slots: resourcepool.New(slots, ""), EvictQuiet: quiet}
		db := idleDatabase(t, pool, url, idle)
		clients := dialGRPC(t, &connpool.Pool{Slots: pool.Slots}, addresses)
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var connected int
		var wg sync.WaitGroup
		for _, c := range clients {
			wg.Go(func() {
				if err := checkHealth(ctx, c); err == nil {
					mu.Lock()
					connected++
					mu.Unlock()
				} else if ctx.Err() == nil {
					t.Error(err)
				}
			})
		}
		want := servers
		if quiet == 0 {
			want = slots - idle
		}
		testkit.Eventually(t, fmt.Sprintf("%d servers connect with EvictQuiet %v", want, quiet), func() bool {
			mu.Lock()
			defer mu.Unlock()
			return connected == want
		})
		if quiet == 0 {
			testkit.Eventually(t, "27 wait", func() bool { return pool.Slots.SlotWaiters() == servers-(slots-idle) })
		}
		cancel()
		wg.Wait()
		t.Logf("EvictQuiet %v: %d of %d servers connected", quiet, connected, servers)
		var one int
		if err := db.QueryRow(t.Context(), "select 1").Scan(&one); err != nil {
			t.Errorf("EvictQuiet %v: the database: %v", quiet, err)
		}
		for _, c := range clients {
			c.Close()
		}
		db.Close()
		testkit.Eventually(t, "all slots are free", func() bool { return pool.Slots.Stats().InUse == 0 })
		b.back()
	}
}

// While many wait for slots, what is quiet for 20 ms is evicted. A query that runs while that
// happens 200 times is not, nor is a redis BLPOP: an answer is due.
func TestLongQueryIsNeverCut(t *testing.T) {
	need(t, "redis-server", "redis-server")
	needPostgres(t)
	if !limited(t) {
		return
	}
	redisServer := startRedis(t)
	_, url := startPostgres(t)
	admin := connectAdmin(t, url)
	b := limit(t, 64)
	push := snippets.Redis(&connpool.Pool{Slots: resourcepool.New(1, "")}, redisServer.address)
	const long, slots = 3, 8
	pool := &connpool.Pool{Slots: resourcepool.New(slots, ""), EvictQuiet: 20 * time.Millisecond}
	ctx, cancel := context.WithTimeout(t.Context(), 3*testkit.Patience)
	defer cancel()

	if _, err := admin.Exec(ctx, "select pg_advisory_lock(1)"); err != nil {
		t.Fatal(err)
	}
	var queries sync.WaitGroup
	for range long {
		queries.Go(func() {
			if err := longQuery(ctx, pool, url); err != nil {
				t.Errorf("a long query: %v", err)
			}
		})
	}
	blocked := snippets.Redis(pool, redisServer.address)
	queries.Go(func() {
		if got, err := blocked.BLPop(ctx, 0, "list").Result(); err != nil || got[1] != "at last" {
			t.Errorf("BLPOP: %q, %v", got, err)
		}
	})
	testkit.Eventually(t, "all queries run", func() bool { return waitingQueries(t, admin) == long })
	testkit.Eventually(t, "BLPOP waits", func() bool {
		info, err := push.Info(ctx, "clients").Result()
		return err == nil && strings.Contains(info, "blocked_clients:1\r\n")
	})

	var others visitors
	for range slots {
		others.running.Go(func() { others.visit(ctx, t, pool, redisServer.address) })
	}
	testkit.Eventually(t, "many evictions, of which each wants 20 ms of silence", func() bool { return others.visits() >= 200 })
	if _, err := admin.Exec(ctx, "select pg_advisory_unlock(1)"); err != nil {
		t.Error(err)
	}
	if err := push.LPush(ctx, "list", "at last").Err(); err != nil {
		t.Error(err)
	}
	queries.Wait()
	others.over.Store(true)
	others.running.Wait()
	t.Logf("%d dials with %d slots beside %d long queries", others.visits(), slots, long+1)
	push.Close()
	blocked.Close()
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	for _, c := range others.idle {
		c.Close()
	}
	b.back()
}

// waitingQueries is how many wait for a lock that the administrator has.
func waitingQueries(t *testing.T, admin *pgx.Conn) (n int) {
	t.Helper()
	const ask = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
	if err := admin.QueryRow(t.Context(), ask).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// longQuery takes until the administrator lets go of the lock.
func longQuery(ctx context.Context, pool *connpool.Pool, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	config.DialFunc = pool.DialContext
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "select pg_advisory_lock_shared(1)")
	return err
}

// visitors come again and again, leave their connections idle, and so always want slots.
type visitors struct {
	running sync.WaitGroup
	over    atomic.Bool
	mu      sync.Mutex
	idle    []net.Conn
}

func (v *visitors) visit(ctx context.Context, t *testing.T, pool *connpool.Pool, address string) {
	for !v.over.Load() {
		c, err := pool.DialContext(ctx, "tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		if err := ping(c); err != nil && !errors.Is(err, net.ErrClosed) { // that is quiet too
			t.Error(err)
		}
		v.mu.Lock()
		v.idle = append(v.idle, c) // what evicts it is that others wait
		v.mu.Unlock()
	}
}

func (v *visitors) visits() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.idle)
}
