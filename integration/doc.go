// Package integration tries slotpool with real servers and the clients that people use:
// redis-server with go-redis, PostgreSQL with pgx and database/sql, nginx with net/http,
// and gRPC and net/rpc with servers of its own. All of it is tests; the code that
// docs/integrations.md and docs/fleet.md show is in the package snippets.
//
// A server that is not installed is a test that is skipped and says so. All servers
// listen on loopback, and end with the test, or with the process if that is killed.
package integration
