package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/slotpool/slotpool/internal/testkit"
)

// startRedis starts a redis-server that keeps nothing.
func startRedis(t *testing.T, settings ...string) *server {
	t.Helper()
	need(t, "redis-server", "redis-server")
	port := freePorts(1)
	return startServer(t, fmt.Sprintf("%s:%d", host, port), arguments{
		name: "redis-server", stop: syscall.SIGKILL,
		args: append([]string{"--bind", host, "--port", strconv.Itoa(port), "--save", "", "--appendonly", "no",
			"--dir", t.TempDir(), "--maxclients", "2000", "--hz", "100", "--protected-mode", "no"}, settings...),
	})
}

// startNginx starts an nginx with so many origins, which answer "hello", and
// close a connection that was idle for a time such as "1s".
func startNginx(t *testing.T, origins int, idle string) (*server, []string) {
	t.Helper()
	need(t, "nginx", "nginx-light")
	dir := t.TempDir()
	first := freePorts(origins)
	var listens strings.Builder
	var addresses []string
	for port := first; port < first+origins; port++ {
		address := fmt.Sprintf("%s:%d", host, port)
		addresses = append(addresses, address)
		fmt.Fprintf(&listens, "listen %s backlog=1000;\n", address)
	}
	var temps strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temps, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	config := fmt.Sprintf(`daemon off; master_process off; pid %s; error_log stderr;
		events { worker_connections 2000; }
		http { access_log off; %s keepalive_timeout %s; keepalive_requests 1000000;
			server { %s location / { return 200 "hello"; } } }`,
		filepath.Join(dir, "pid"), temps.String(), idle, listens.String())
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return startServer(t, addresses[0], arguments{
		name: "nginx", stop: syscall.SIGTERM, args: []string{"-e", "stderr", "-p", dir, "-c", file},
	}), addresses
}

// cluster is where PostgreSQL's files are: made by the process of the tests,
// and used by one child after the other.
const clusterVariable = "SLOTPOOL_INTEGRATION_CLUSTER"

func removeCluster() {
	if os.Getenv(childVariable) == "" && os.Getenv(clusterVariable) != "" {
		os.RemoveAll(os.Getenv(clusterVariable))
	}
}

func postgresBin(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed: apt-get install postgresql")
	}
	return filepath.Dir(found[len(found)-1])
}

// needPostgres skips if there is none, and makes the files if this is the first
// test to want them.
func needPostgres(t *testing.T) {
	t.Helper()
	bin := postgresBin(t)
	if os.Getenv(clusterVariable) != "" {
		return
	}
	dir, err := os.MkdirTemp("", "slotpool-cluster")
	if err != nil {
		t.Fatal(err)
	}
	os.Setenv(clusterVariable, dir)
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"-A", "trust", "-N", "--no-locale", "-E", "UTF8", "--no-instructions")
	cmd.SysProcAttr = endsWithUs()
	cmd.Dir = dir
	if who := postgresUser(t); who != nil {
		cmd.SysProcAttr.Credential = who
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// postgresUser is who the server runs as: it does not run as root.
func postgresUser(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// startPostgres starts PostgreSQL and returns its URL.
func startPostgres(t *testing.T) (*server, string) {
	t.Helper()
	bin := postgresBin(t)
	port := freePorts(1)
	s := startServer(t, fmt.Sprintf("%s:%d", host, port), arguments{
		name: filepath.Join(bin, "postgres"), stop: syscall.SIGINT, credential: postgresUser(t),
		args: []string{"-D", filepath.Join(os.Getenv(clusterVariable), "data"), "-p", strconv.Itoa(port),
			"-c", "listen_addresses=" + host, "-c", "unix_socket_directories=", "-c", "fsync=off",
			"-c", "max_connections=150", "-c", "shared_buffers=16MB", "-c", "max_wal_senders=0", "-c", "wal_level=minimal",
			"-c", "autovacuum=off"},
	})
	url := "postgres://postgres@" + s.address + "/postgres?sslmode=disable"
	waitForPostgres(t, url)
	return s, url
}

// waitForPostgres waits until it lets somebody in, which is later than it listens.
func waitForPostgres(t *testing.T, url string) {
	t.Helper()
	testkit.Eventually(t, "PostgreSQL is up", func() bool {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			conn.Close(t.Context())
		}
		return err == nil
	})
}

// connectAdmin connects without the pool, until the test ends.
func connectAdmin(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// terminateOthers ends all connections but the one that says it.
const terminateOthers = "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"

// administer says one thing as an administrator.
func administer(t *testing.T, url, statement string) {
	t.Helper()
	conn := connectAdmin(t, url)
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Error(err)
	}
}

// underLimit is a PostgreSQL, a connection to it that is none of a pool's, and the descriptors
// that there may be.
type underLimit struct {
	*budget
	server *server
	url    string
	admin  *pgx.Conn
}

// postgresUnderLimit starts one in the process that limited has made, with 64 descriptors;
// nil in the one that has made it, where nothing is left to do.
func postgresUnderLimit(t *testing.T) *underLimit {
	t.Helper()
	needPostgres(t)
	if !limited(t) {
		return nil
	}
	server, url := startPostgres(t)
	admin := connectAdmin(t, url)
	return &underLimit{limit(t, 64), server, url, admin}
}
