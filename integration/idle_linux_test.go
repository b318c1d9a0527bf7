package integration

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/integration/snippets"
	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// ping is redis's, over a bare connection.
func ping(c net.Conn) error {
	if _, err := fmt.Fprint(c, "PING\r\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && line != "+PONG\r\n" {
		err = fmt.Errorf("%q", line)
	}
	return err
}

// say is a command of redis's, over a bare connection.
func say(t *testing.T, c net.Conn, command, want string) {
	t.Helper()
	if _, err := fmt.Fprint(c, command, "\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != want+"\r\n" {
		t.Fatalf("%s: %q, %v", command, line, err)
	}
}

// Redis with "timeout 1" closes what is idle for a second. Of 100 parked connections
// 100 used to sit in CLOSE_WAIT until their next Get.
func TestServersIdleTimeoutLeavesNoCloseWait(t *testing.T) {
	need(t, "redis-server", "redis-server")
	if !limited(t) {
		return
	}
	redis := startRedis(t)
	b := limit(t, 160)
	bare, err := net.Dial("tcp", redis.address)
	if err != nil {
		t.Fatal(err)
	}
	pool := new(connpool.Pool)
	const n = 100
	var conns []*connpool.Conn
	for range n {
		c, err := pool.Get(t.Context(), "tcp", redis.address)
		if err != nil {
			t.Fatal(err)
		}
		if err := ping(c); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for _, c := range conns {
		c.Put()
	}
	say(t, bare, "CONFIG SET timeout 1", "+OK") // not before: a busy machine takes as long for so many
	testkit.Eventually(t, "no parked connection is left", func() bool { return pool.Stats().Idle == 0 })
	testkit.Eventually(t, "only what is in no pool is left in CLOSE_WAIT", func() bool { return closeWaits(t) == 1 })
	bare.Close()
	if st := pool.Stats(); st.Closed.ByPeer != n {
		t.Errorf("%d of %d were closed as the peer had: %+v", st.Closed.ByPeer, n, st.Closed)
	}
	if st := connpool.GetResourcePool().Stats(); st.InUse+st.Idle != 0 {
		t.Errorf("slots are taken: %+v", st)
	}
	b.back()
	if err := pool.Do(t.Context(), "tcp", redis.address, func(c *connpool.Conn) error { return ping(c) }); err != nil {
		t.Error(err)
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	b.back()
}

// Twice as many origins as slots, kept alive for a second: what nginx closes gives its
// slot back at once, and what it closes as a request is sent costs no request.
func TestServersIdleTimeoutOverHTTP(t *testing.T) {
	need(t, "nginx", "nginx-light")
	if !limited(t) {
		return
	}
	const origins, slots = 40, 20
	nginx, addresses := startNginx(t, origins, "1s")
	b := limit(t, 64)
	pool := resourcepool.New(slots, "")
	client := snippets.HTTP(pool)
	round := func() {
		for _, address := range addresses {
			if err := askHello(client, "http://"+address); err != nil {
				t.Error(err)
			}
		}
	}
	round()
	if st := pool.Stats(); st.Idle == 0 || st.Evictions == 0 {
		t.Errorf("nothing is kept or evicted: %+v", st)
	}
	testkit.Eventually(t, "all slots are free", func() bool { st := pool.Stats(); return st.Idle+st.InUse == 0 })
	if left := closeWaits(t); left != 0 {
		t.Errorf("%d connections in CLOSE_WAIT", left)
	}
	b.back()
	for range 3 {
		round()
	}
	nginx.restart() // closes what is parked
	round()
	client.CloseIdleConnections()
	b.back()
}

// A server that closes idle connections races with the request that uses one. The
// request is one that is safe to repeat, so nobody sees that.
func TestRequestsRaceWithTheServersIdleTimeout(t *testing.T) {
	need(t, "nginx", "nginx-light")
	if !limited(t) {
		return
	}
	_, addresses := startNginx(t, 1, "5ms")
	b := limit(t, 64)
	slots := resourcepool.New(8, "")
	client := snippets.HTTP(slots)
	for i := range 200 {
		if err := askHello(client, "http://"+addresses[0]); err != nil {
			t.Fatal(err)
		}
		// Not to be right, but to meet the close: 4.0 to 5.9 ms.
		time.Sleep(4*time.Millisecond + time.Duration(i%20)*100*time.Microsecond)
	}
	client.CloseIdleConnections()
	b.back()
}
