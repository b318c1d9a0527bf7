package connpool

import (
	"crypto/tls"
	"math"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestDialerConfig(t *testing.T) {
	const ofSystem = 0
	s := newServer(t, "tcp")
	systemIdle := func() int {
		conn, err := (&net.Dialer{KeepAlive: -1}).Dial(s.network, s.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return option(t, conn, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE)
	}()
	for name, c := range map[string]struct {
		config DialerConfig
		want   keepalive
	}{
		"zero": {DialerConfig{}, keepalive{15, 15, 3, 60_000}},
		"set": {DialerConfig{
			KeepAliveIdle:     20 * time.Second,
			KeepAliveInterval: 5 * time.Second,
			KeepAliveCount:    2,
			UserTimeout:       90 * time.Second,
		}, keepalive{20, 5, 2, 90_000}},
		"no user timeout":             {DialerConfig{UserTimeout: -1}, keepalive{15, 15, 3, ofSystem}},
		"a nanosecond is not nothing": {DialerConfig{UserTimeout: 1}, keepalive{15, 15, 3, 1}},
		"too long for the kernel":     {DialerConfig{UserTimeout: math.MaxInt64}, keepalive{15, 15, 3, math.MaxInt32}},
		"the system's idle":           {DialerConfig{KeepAliveIdle: -1}, keepalive{systemIdle, 15, 3, 60_000}},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.config.Dialer()
			if name == "a nanosecond is not nothing" {
				d.Timeout = testkit.Patience // the connect is limited to 1 ms, enough here as a rule
			}
			conn, err := d.Dial(s.network, s.address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			wantKeepalive(t, conn, c.want)
		})
	}
}

// keepalive is what a socket's options say of it.
type keepalive struct{ idle, interval, count, userTimeout int }

func wantKeepalive(t *testing.T, conn net.Conn, want keepalive) {
	t.Helper()
	const tcpUserTimeout = 18
	for _, o := range []struct {
		name                string
		level, option, want int
	}{
		{"SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, want.idle},
		{"TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, want.interval},
		{"TCP_KEEPCNT", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, want.count},
		{"TCP_USER_TIMEOUT", syscall.IPPROTO_TCP, tcpUserTimeout, want.userTimeout},
	} {
		if got := option(t, conn, o.level, o.option); got != o.want {
			t.Errorf("%s is %d, want %d", o.name, got, o.want)
		}
	}
}

func TestTimeoutOfADialerConfigIsTheDialers(t *testing.T) {
	if d := (DialerConfig{Timeout: time.Minute}).Dialer(); d.Timeout != time.Minute {
		t.Errorf("the timeout is %v", d.Timeout)
	}
	if d := (DialerConfig{Timeout: -time.Minute}).Dialer(); d.Timeout != 0 {
		t.Errorf("the timeout is %v, want that of the system", d.Timeout)
	}
}

// TestDialerOfDialerConfigIsForAll networks, and under a tls.Dialer.
func TestDialerOfDialerConfigIsForAll(t *testing.T) {
	s := newServer(t, "unix")
	conn, err := DialerConfig{}.Dialer().Dial(s.network, s.address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	s, d := newTLSServer(t, false)
	conn, err = (&tls.Dialer{NetDialer: DialerConfig{}.Dialer(), Config: d.Config}).Dial(s.network, s.address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// TestUserTimeoutLimitsTheConnect as DialerConfig says, but that of Get does not.
func TestUserTimeoutLimitsTheConnect(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	start := time.Now()
	_, err := DialerConfig{UserTimeout: time.Second}.Dialer().Dial("tcp", fullListener(t))
	if e, ok := err.(net.Error); !ok || !e.Timeout() {
		t.Fatalf("%v, want a timeout", err)
	}
	t.Logf("%v after %v", err, time.Since(start))
}

// TestVetSeesACopiedConn asks go vet.
func TestVetSeesACopiedConn(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for go vet")
	}
	out, err := exec.Command("go", "vet", "-copylocks", "./testdata/copied").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "copies lock value") {
		t.Errorf("go vet says %v\n%s", err, out)
	}
}
