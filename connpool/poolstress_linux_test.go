package connpool

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"
)

// TestPoolStress has everything at once: more users than slots, more addresses
// than slots, peers that hang up in all ways, Gets that give up, every age and
// hook, DialContext and an owner of slots besides. Each answer must be the user's
// own, no connection may have two users, and nothing may be left.
func TestPoolStress(t *testing.T) {
	for name, change := range map[string]func(*Pool){
		"plain": func(*Pool) {},
		"all": func(p *Pool) {
			p.MaxPerAddress, p.MaxWaiting = 3, 20
			p.IdleTimeout, p.MaxLifetime = 8*time.Millisecond, 64*time.Millisecond
			p.Backoff = &Backoff{Base: time.Millisecond}
			p.EvictQuiet, p.HoldWarning = 5*time.Millisecond, time.Hour
			p.Trace = &Trace{Closed: func(string, string, CloseReason) {}}
			p.Check = func(context.Context, net.Conn) error {
				if rand.IntN(50) == 0 {
					return errFake
				}
				return nil
			}
			p.Reset = p.Check
		},
	} {
		t.Run(name, func(t *testing.T) {
			peers := startPeers(t, 40)
			p := dialPool(t, 12, change)
			s := &poolStress{t: t, p: p, addresses: peers.addresses}
			defer watchdog(testkit.StressTime(t))()
			var users sync.WaitGroup
			for id := range 24 {
				users.Go(func() { s.user(uint64(id)) })
			}
			users.Go(s.disturb)
			time.Sleep(testkit.StressTime(t)) // the length of the stress, and if the machine was busy some more
			tried := func() bool { return s.answers.Load() != 0 && p.Stats().Reuses != 0 }
			for deadline := time.Now().Add(testkit.Patience); !tried() && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			s.over.Store(true)
			users.Wait()
			t.Logf("%d answers, %d broken, %d refused, %+v", s.answers.Load(), s.broken.Load(), s.refused.Load(), p.Stats())
			if !tried() {
				t.Error("nothing was tried")
			}
		})
	}
}

type poolStress struct {
	t                        *testing.T
	p                        *Pool
	addresses                []string
	over                     atomic.Bool
	owners                   sync.Map // net.Conn to user
	answers, broken, refused atomic.Uint64
}

func (s *poolStress) user(id uint64) {
	rng := rand.New(rand.NewPCG(id, 7))
	question := make([]byte, frameSize)
	for n := uint64(0); !s.over.Load(); n++ {
		address := s.addresses[int(float64(len(s.addresses))*rng.Float64()*rng.Float64())]
		binary.BigEndian.PutUint64(question, id)
		binary.BigEndian.PutUint64(question[8:], n)
		s.once(rng, address, id, question)
	}
}

func (s *poolStress) once(rng *rand.Rand, address string, id uint64, question []byte) {
	patience := testkit.Patience
	if rng.IntN(4) == 0 {
		patience = time.Duration(rng.IntN(2000)) * time.Microsecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	switch rng.IntN(10) {
	case 0:
		c, ok := s.p.TryGet("tcp", address)
		if !ok {
			return
		}
		s.use(rng, c, id, question)
	case 1:
		var c net.Conn
		if c, err = s.p.DialContext(ctx, "tcp", address); err == nil {
			s.ask(c, question)
			c.Close()
		}
	case 2:
		err = s.p.Do(ctx, "tcp", address, func(c *Conn) error {
			if !s.ask(c, question) {
				return errFake
			}
			return nil
		})
	default:
		var c *Conn
		if c, err = s.p.Get(ctx, "tcp", address); err == nil {
			s.use(rng, c, id, question)
		}
	}
	if err != nil && err != errFake {
		s.refused.Add(1)
	}
}

func (s *poolStress) use(rng *rand.Rand, c *Conn, id uint64, question []byte) {
	if other, taken := s.owners.LoadOrStore(c.Conn, id); taken {
		s.t.Errorf("user %d was given the connection of user %v", id, other)
	}
	usable := s.ask(c, question)
	s.owners.Delete(c.Conn)
	if usable && rng.IntN(20) != 0 {
		c.Put()
	} else {
		_ = c.Close()
		c.Put() // does nothing
	}
}

// ask reports whether the connection may be used again.
func (s *poolStress) ask(c net.Conn, question []byte) bool {
	answer := make([]byte, len(question))
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	defer c.SetDeadline(time.Time{})
	_, err := c.Write(question)
	if err == nil {
		_, err = io.ReadFull(c, answer)
	}
	if err != nil {
		s.broken.Add(1)
		return false
	}
	if !bytes.Equal(question, answer) {
		s.t.Errorf("asked %x, answered %x", question, answer)
	}
	s.answers.Add(1)
	return true
}

// disturb does what is done seldom.
func (s *poolStress) disturb() {
	for i := 0; !s.over.Load(); i++ {
		address := s.addresses[i%len(s.addresses)]
		switch i % 5 {
		case 0:
			s.p.CloseIdle("tcp", address)
		case 1:
			s.p.Stats()
		case 2:
			for range s.p.Holders() {
			}
		case 3:
			_ = s.p.Warm(context.Background(), "tcp", address, 1)
		case 4:
			s.p.CloseIdleConnections()
		}
		time.Sleep(time.Millisecond)
	}
}
