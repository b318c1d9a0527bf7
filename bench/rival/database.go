package rival

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/slotpool/slotpool/bench/work"
)

// databases is the pool inside database/sql, over a driver that does nothing.
// Each DB has a goroutine, which bounds how many of them there can be.
var databases = kind[*sql.DB]{
	name: "database-sql",
	most: 10_000,
	make: func(slots int) *sql.DB {
		db := sql.OpenDB(idleDriver{})
		db.SetMaxOpenConns(slots)
		db.SetMaxIdleConns(slots)
		return db
	},
	cycle: func(db *sql.DB, n int) {
		ctx := context.Background()
		for range n {
			c, err := db.Conn(ctx)
			work.Check(err)
			work.Check(c.Close())
		}
	},
	user:  func(db *sql.DB) work.User { return &databaseUser{db: db} },
	close: func(db *sql.DB) { work.Check(db.Close()) },
}

type databaseUser struct {
	db   *sql.DB
	held *sql.Conn
}

func (u *databaseUser) Get() {
	c, err := u.db.Conn(context.Background())
	work.Check(err)
	u.held = c
}

func (u *databaseUser) Put() { work.Check(u.held.Close()) }

// idleDriver is a driver whose connections can be held and nothing else.
type idleDriver struct{}

type idleConn struct{ _ [8]byte }

var errIdle = errors.New("rival: this driver holds connections and runs nothing")

func (idleDriver) Connect(context.Context) (driver.Conn, error) { return new(idleConn), nil }
func (d idleDriver) Driver() driver.Driver                      { return d }
func (idleDriver) Open(string) (driver.Conn, error)             { return new(idleConn), nil }
func (*idleConn) Prepare(string) (driver.Stmt, error)           { return nil, errIdle }
func (*idleConn) Begin() (driver.Tx, error)                     { return nil, errIdle }
func (*idleConn) Close() error                                  { return nil }
