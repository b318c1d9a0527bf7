package integration

import (
	"slices"
	"sync"
	"testing"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// harm is what a server does to its clients.
type harm struct {
	name string
	to   []string // the clients that may have errors from then on
	do   func()
}

// harms are all kinds. Who makes them has connections of its own.
func (f *fleet) harms() (all []harm, end func()) {
	t := f.t
	admin := snippets.Redis(&connpool.Pool{Slots: resourcepool.New(1, "")}, f.redis.address)
	redis, postgres := []string{"go-redis", "connpool"}, []string{"pgx", "database/sql"}
	return []harm{
		{"nothing", nil, func() {}},
		{"CLIENT KILL", redis, func() {
			if err := admin.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
				t.Error(err)
			}
		}},
		{"pg_terminate_backend", postgres, func() { administer(t, f.url, terminateOthers) }},
		{"a restart of redis-server", redis, f.redis.restart},
		{"a restart of nginx", []string{"slothttp"}, f.nginx.restart},
		{"a restart of PostgreSQL", postgres, f.postgres.restart},
		{"a restart of the gRPC servers", []string{"gRPC"}, f.grpc.restart},
		{"a restart of the net/rpc servers", []string{"net/rpc"}, f.rpc.restart},
	}, func() { admin.Close() }
}

// harmed are the clients that may have errors.
type harmed struct {
	mu    sync.Mutex
	names []string
}

func (h *harmed) add(names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names = append(h.names, names...)
}

func (h *harmed) has(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.names, name)
}

// Every kind of harm that servers do comes while all clients work. Clients of a server that
// was harmed may have errors, and no others; each client makes progress after it. There
// are descriptors left all the time.
func TestEveryClientOutlivesItsServersHarm(t *testing.T) {
	needFleet(t)
	if !limited(t) {
		return
	}
	f, b := startFleet(t)
	harms, end := f.harms()
	most := b.watchDescriptors()
	over := make(chan struct{})
	finished := make(chan struct{})
	var hit harmed
	go func() {
		defer close(finished)
		f.run(3, func(*client) bool {
			select {
			case <-over:
				return true
			default:
				return false
			}
		}, func(c *client, err error) {
			if !hit.has(c.name) {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}()
	stop := f.knock()
	for _, harm := range harms {
		hit.add(harm.to) // before, as an error may come at once
		harm.do()
		for _, c := range f.clients {
			want := c.done.Load() + 20
			testkit.Eventually(t, c.name+" goes on after "+harm.name, func() bool { return c.done.Load() >= want })
		}
	}
	close(over)
	<-finished
	stop()
	b.kept(most())
	for _, c := range f.clients {
		t.Logf("%s: %d exchanges, %d errors", c.name, c.done.Load(), c.failed.Load())
	}
	end()
	f.end(b)
}
