package readme

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// The code of README.md, block by block: TestCodeIsCompiled finds each block in here.

var pool = &connpool.Pool{
	MaxPerAddress: 4,                // 0: no limit but the slots
	IdleTimeout:   90 * time.Second, // 0: until the slot is needed or the peer closes
}

func exchange(ctx context.Context, address string, question, answer []byte) error {
	return pool.Do(ctx, "tcp", address, func(c *connpool.Conn) error {
		if d, ok := ctx.Deadline(); ok {
			c.SetDeadline(d) // ctx ends the wait and not what f does; the next user does not meet it
		}
		if _, err := c.Write(question); err != nil {
			return err // closes the connection
		}
		_, err := io.ReadFull(c, answer)
		return err // nil parks it
	})
}

var client = &http.Client{Transport: &slothttp.Transport{}}

// logFile is open while its slot has something in it.
type logFile struct {
	path string
	file *os.File
	slot *resourcepool.Resource
}

func newLogFile(path string) *logFile {
	f := &logFile{path: path}
	f.slot = connpool.GetResourcePool().Create(f) // or in a pool of your own: resourcepool.New
	return f
}

func (f *logFile) Allocate() (err error) {
	f.file, err = os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return err
}

func (f *logFile) Release() error { return f.file.Close() }

func (f *logFile) append(ctx context.Context, line []byte) error {
	if err := f.slot.GetContext(ctx); err != nil {
		return err
	}
	defer f.slot.Put() // the file stays open until its slot is needed
	_, err := f.file.Write(line)
	return err
}

func inbound() (net.Listener, error) {
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		return nil, err
	}
	slots := connpool.GetResourcePool()
	return connpool.NewListener(l, slots.Sub(slots.Stats().Max/2, "inbound")), nil
}

var _ = []any{exchange, client, newLogFile, (*logFile).append, inbound}
