package snippets

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

// Database returns what a client with ten connections of its own dials with.
func Database(slots *resourcepool.Pool) *connpool.Pool {
	return &connpool.Pool{
		Slots:       slots.Sub(11, "database"), // ten, and one to cancel queries with
		DialTimeout: 5 * time.Second,           // also of the wait for a slot: above EvictQuiet
		EvictQuiet:  2 * time.Second,           // above any pause in an answer or a transaction
	}
}

// Redis returns a client that takes a slot for each connection.
func Redis(pool *connpool.Pool, address string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr:     address,
		Dialer:   pool.DialContext,
		PoolSize: 10,
	})
}

// Pgx returns pgx's pool.
func Pgx(ctx context.Context, pool *connpool.Pool, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 10
	config.ConnConfig.DialFunc = pool.DialContext
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		return p.IdleDuration > pingAfter(pool) // half of EvictQuiet, at most a second: see databases.go
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// pingAfter is after how long pgx is to ask whether an idle connection is good.
func pingAfter(pool *connpool.Pool) time.Duration {
	if quiet := pool.EvictQuiet / 2; quiet != 0 { // it may have been evicted
		return min(quiet, time.Second)
	}
	return time.Second // as pgx itself has it
}

// SQL returns a database/sql pool over pgx.
func SQL(pool *connpool.Pool, url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.DialFunc = pool.DialContext
	db := stdlib.OpenDB(*config, stdlib.OptionShouldPing(func(_ context.Context, p stdlib.ShouldPingParams) bool {
		return p.IdleDuration > pingAfter(pool)
	}))
	db.SetMaxOpenConns(10)
	db.SetMaxIdleConns(10)
	return db, nil
}
