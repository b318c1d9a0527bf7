package connpool

import (
	"errors"
	"io"
	"net"
	"sync"
)

// lastWords is what a peer sent before it ended the connection, and what was unread when
// that was evicted. Servers say why they hang up: PostgreSQL's last message would keep the slot
// for as long as the client looks elsewhere, were it in the way. It may also be the end of
// an answer that the user reads slowly. So the user still gets it, and then the end as the
// peer made it.
type lastWords struct {
	mu    sync.Mutex
	words []byte
	end   error // after the words; nil: nothing was taken
}

// mostLastWords is how many bytes may be kept in memory instead of in the kernel.
const mostLastWords = 4 << 10

// take takes the words if the connection is over. The caller holds its write lock.
//
// Read against take: nothing more can come, and each byte is taken from the kernel once, so
// what a Read beside this has is from before the words. A Read that comes to the end, since
// the words are taken or since the connection is closed, asks read: that waits for mu, and so
// finds the words.
func (l *lastWords) take(w *quietWatch) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	over, broken := w.ended()
	if !over {
		return false
	}
	l.words, l.end = w.probe.TakeUnread(), io.EOF
	if broken {
		l.end = net.ErrClosed // an answer may have been cut, which io.EOF would hide
	}
	return true
}

// read is for a Read that has nothing but an error.
func (l *lastWords) read(b []byte, err error) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end == nil {
		return 0, err
	}
	if len(l.words) == 0 {
		return 0, l.end
	}
	n := copy(b, l.words)
	l.words = l.words[n:]
	return n, nil
}

// errorOf is for what sets a deadline of reads: some users do before each Read.
func (l *lastWords) errorOf(err error) error {
	if err == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != nil {
		return nil
	}
	return err
}

// writeTo is for a WriteTo that has ended. If it was w that failed, nothing may follow
// what w has not had.
func (l *lastWords) writeTo(w io.Writer, err error) (int64, error) {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return 0, err
	}
	l.mu.Lock()
	words, end := l.words, l.end
	l.words = nil
	l.mu.Unlock()
	if end == nil {
		return 0, err
	}
	if len(words) > 0 {
		if n, err := w.Write(words); err != nil {
			return int64(n), err
		}
	}
	if end == io.EOF {
		end = nil // as io.WriterTo has it
	}
	return int64(len(words)), end
}

func (l *lastWords) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words, l.end = nil, nil
}
