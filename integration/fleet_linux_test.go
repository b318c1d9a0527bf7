package integration

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// client is one of the kinds of clients that live in one budget. Its ask makes
// one exchange, the i-th.
type client struct {
	name  string
	ask   func(ctx context.Context, i int) error
	close func()

	done   atomic.Int64 // exchanges that succeeded
	failed atomic.Int64
}

// fleet is every kind of client over one pool of slots, with the servers
// of all.
type fleet struct {
	t        *testing.T
	redis    *server
	postgres *server
	nginx    *server
	grpc     *server // one process serves at all addresses
	rpc      *server
	url      string
	clients  []*client
	dead     []string
	quiet    *connpool.Pool // for clients whose connections may be evicted
	loud     *connpool.Pool // for those whose may not
	starved  atomic.Int64   // dials that found no descriptor
}

const (
	fleetLimit   = 96
	fleetServers = 30 // of each kind that has many
	fleetQuiet   = 200 * time.Millisecond
)

func needFleet(t *testing.T) {
	t.Helper()
	need(t, "redis-server", "redis-server")
	need(t, "nginx", "nginx-light")
	needPostgres(t)
}

func startFleet(t *testing.T) (*fleet, *budget) {
	t.Helper()
	f := &fleet{t: t, redis: startRedis(t)}
	f.postgres, f.url = startPostgres(t)
	nginx, origins := startNginx(t, fleetServers, "300ms")
	f.nginx = nginx
	grpc, grpcs := startServing(t, "grpc", fleetServers)
	rpc, rpcs := startServing(t, "rpc", fleetServers)
	f.grpc, f.rpc = grpc, rpc
	f.dead = startDead(t, 10)
	b := limit(t, fleetLimit)

	slots := connpool.GetResourcePool()
	trace := &connpool.Trace{DialDone: func(_, _ string, _ time.Duration, err error) {
		if errors.Is(err, syscall.EMFILE) {
			f.starved.Add(1)
		}
	}}
	f.quiet = &connpool.Pool{Slots: slots, DialTimeout: testkit.Patience, EvictQuiet: fleetQuiet, Trace: trace}
	f.loud = &connpool.Pool{Slots: slots, DialTimeout: testkit.Patience, Trace: trace}
	f.addRedis()
	f.addDatabases()
	f.addGRPC(grpcs)
	f.addRPC(slots, rpcs)
	f.addHTTP(slots, origins)
	f.add("connpool", func(ctx context.Context, _ int) error {
		return f.loud.Do(ctx, "tcp", f.redis.address, func(c *connpool.Conn) error { return ping(c) })
	}, func() {})
	return f, b
}

func (f *fleet) add(name string, ask func(context.Context, int) error, end func()) {
	f.clients = append(f.clients, &client{name: name, ask: ask, close: end})
}

func (f *fleet) addRedis() {
	client := snippets.Redis(f.quiet, f.redis.address)
	f.add("go-redis", func(ctx context.Context, i int) error {
		key := fmt.Sprint("key", i%10)
		if err := client.Set(ctx, key, "value", 0).Err(); err != nil {
			return err
		}
		got, err := client.Get(ctx, key).Result()
		switch {
		case errors.Is(err, redis.Nil): // it was restarted in between
			return nil
		case err == nil && got != "value":
			return fmt.Errorf("%s: %q", key, got)
		}
		return err
	}, func() { client.Close() })
}

func (f *fleet) addDatabases() {
	db, err := snippets.Pgx(f.t.Context(), f.quiet, f.url)
	if err != nil {
		f.t.Fatal(err)
	}
	f.add("pgx", func(ctx context.Context, i int) error { return askPgx(ctx, db, i) }, db.Close)
	std, err := snippets.SQL(f.quiet, f.url)
	if err != nil {
		f.t.Fatal(err)
	}
	f.add("database/sql", func(ctx context.Context, i int) error { return askSQL(ctx, std, i) }, func() { std.Close() })
}

func askPgx(ctx context.Context, db *pgxpool.Pool, i int) error {
	var n int
	err := db.QueryRow(ctx, "select $1::int + 1", i).Scan(&n)
	if err == nil && n != i+1 {
		err = fmt.Errorf("%d + 1 = %d", i, n)
	}
	return err
}

func askSQL(ctx context.Context, db *sql.DB, i int) error {
	var n int
	err := db.QueryRowContext(ctx, "select $1::int + 1", i).Scan(&n)
	if err == nil && n != i+1 {
		err = fmt.Errorf("%d + 1 = %d", i, n)
	}
	return err
}

func (f *fleet) addGRPC(addresses []string) {
	var conns []*grpc.ClientConn
	for _, address := range addresses {
		c, err := snippets.GRPC(f.loud, address, 100*time.Millisecond)
		if err != nil {
			f.t.Fatal(err)
		}
		conns = append(conns, c)
	}
	f.add("gRPC", func(ctx context.Context, i int) error { return checkHealth(ctx, conns[i%len(conns)]) }, func() {
		for _, c := range conns {
			c.Close()
		}
	})
}

func (f *fleet) addRPC(slots *resourcepool.Pool, addresses []string) {
	var clients []*snippets.RPC
	for _, address := range addresses {
		clients = append(clients, snippets.NewRPC(slots, address))
	}
	f.add("net/rpc", func(ctx context.Context, i int) error {
		var n int
		err := clients[i%len(clients)].Call(ctx, "Arith.Double", i, &n)
		if err == nil && n != 2*i {
			err = fmt.Errorf("2 * %d = %d", i, n)
		}
		return err
	}, func() {})
}

func (f *fleet) addHTTP(slots *resourcepool.Pool, addresses []string) {
	client := snippets.HTTP(slots)
	f.add("slothttp", func(_ context.Context, i int) error {
		return askHello(client, "http://"+addresses[i%len(addresses)])
	}, client.CloseIdleConnections)
}

// run has some users of each kind ask until over says so. Errors are counted, and
// told to complain.
func (f *fleet) run(users int, over func(*client) bool, complain func(*client, error)) {
	var wg sync.WaitGroup
	for _, c := range f.clients {
		for user := range users {
			wg.Go(func() {
				for i := user; !over(c); i += users {
					ctx, cancel := context.WithTimeout(f.t.Context(), testkit.Patience)
					err := c.ask(ctx, i)
					cancel()
					if err == nil {
						c.done.Add(1)
						continue
					}
					c.failed.Add(1)
					if strings.Contains(err.Error(), "too many open files") {
						f.starved.Add(1)
					}
					complain(c, err)
				}
			})
		}
	}
	wg.Wait()
}

// knock has somebody dial each dead host again and again until stop is called.
func (f *fleet) knock() (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	var wg sync.WaitGroup
	p := &connpool.Pool{DialTimeout: 300 * time.Millisecond}
	for _, address := range f.dead {
		wg.Go(func() {
			for ctx.Err() == nil {
				if c, err := p.Get(ctx, "tcp", address); err == nil {
					f.t.Error("a dead host answers")
					c.Close()
				}
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
		p.Close()
	}
}

// end closes everything; no slot is taken and no descriptor open then.
func (f *fleet) end(b *budget) {
	f.t.Helper()
	for _, c := range f.clients {
		c.close()
	}
	f.quiet.Close()
	f.loud.Close()
	slots := connpool.GetResourcePool()
	slots.ReleaseIdle(slots.Stats().Idle)
	testkit.Eventually(f.t, "all slots are free", func() bool { st := slots.Stats(); return st.InUse+st.Idle == 0 })
	b.back()
	if n := f.starved.Load(); n != 0 {
		f.t.Errorf("%d exchanges or dials found no descriptor", n)
	}
}

// watchDescriptors returns the most that were open, when it is called. That there is
// none left to look with counts as all.
func (b *budget) watchDescriptors() (most func() int) {
	stop, highest := make(chan struct{}), make(chan int)
	go func() {
		most := 0
		for {
			n, err := sysnet.OpenFDs()
			if err != nil {
				n = int(b.limit)
			}
			most = max(most, n)
			select {
			case <-stop:
				highest <- most
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return sync.OnceValue(func() int { close(stop); return <-highest })
}

// kept says how many descriptors were open at most, and that some were always left.
func (b *budget) kept(most int) {
	b.t.Helper()
	if most >= int(b.limit) {
		b.t.Errorf("%d descriptors were open, the limit is %d", most, b.limit)
	}
	b.t.Logf("at most %d of %d descriptors were open, %d at first", most, b.limit, b.open)
}
