package connpool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotpool/slotpool/internal/testkit"

	"github.com/slotpool/slotpool/internal/sysnet"
	"github.com/slotpool/slotpool/resourcepool"
)

// watchdog ends the process with the state of the pool and all stacks if the
// test has not called the returned function within a minute beyond d.
func watchdog(d time.Duration) (stop func()) {
	timer := time.AfterFunc(d+time.Minute, func() {
		fmt.Fprintf(os.Stderr, "stuck: %+v\n%s", GetResourcePool().Stats(), testkit.Stacks())
		os.Exit(2)
	})
	return func() { timer.Stop() }
}

const (
	stressAddresses = 200
	stressLimit     = 64 // descriptors
	stressUsers     = 80 // more than there are slots
)

// TestStressOverTCP has more users than slots and many more addresses, with
// peers that end connections at random: each answer is the user's own, nobody
// has what another has, and in the end no descriptor is left. The peers are in
// this process, and the users in another with few descriptors.
func TestStressOverTCP(t *testing.T) {
	d := testkit.StressTime(t)
	if !inChild(t) {
		if n, err := sysnet.FDLimit(); err != nil || n < 512 {
			t.Skipf("a listener for each of %d addresses: too much for %d descriptors, %v", stressAddresses, n, err)
		}
		p := startPeers(t, stressAddresses)
		runChild(t, addressVariable+"="+strings.Join(p.addresses, ","), "SLOTPOOL_STRESS="+d.String())
		return
	}
	before := testkit.Descriptors()
	setLimit(t, stressLimit)
	s := &stress{t: t, seed: uint64(time.Now().UnixNano())}
	for _, address := range strings.Split(os.Getenv(addressVariable), ",") {
		s.all = append(s.all, &owned{cr: New("tcp", address)})
	}
	defer watchdog(d)()
	var wg sync.WaitGroup
	for id := range int64(stressUsers) {
		wg.Go(func() { s.user(id + 1) })
	}
	time.Sleep(d) // the length of the stress, and if the machine was busy some more
	for deadline := time.Now().Add(testkit.Patience); s.missing() != "" && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	s.over.Store(true)
	wg.Wait()
	// The Release of a Get that was cancelled goes on without it.
	testkit.Eventually(t, "all Releases have ended", func() bool { return GetResourcePool().Stats().Releasing == 0 })
	st := GetResourcePool().Stats()
	t.Logf("seed %d: %d answers, %d broken connections, %d refusals, %+v",
		s.seed, s.answers.Load(), s.broken.Load(), s.refused.Load(), st)
	s.finish(st, before)
}

// owned is an address whose users swap themselves in as its owner: a double
// hand-out shows at once, in whichever of the two comes second.
type owned struct {
	cr    *ConnResource
	owner atomic.Int64
}

type stress struct {
	t                        *testing.T
	seed                     uint64
	all                      []*owned
	over                     atomic.Bool
	answers, broken, refused atomic.Uint64
}

// user does random things until the stress is over. id is not 0.
func (s *stress) user(id int64) {
	rng := rand.New(rand.NewPCG(s.seed, uint64(id)))
	question := make([]byte, frameSize)
	for n := uint64(0); !s.over.Load(); n++ {
		o := s.all[int(float64(len(s.all))*rng.Float64()*rng.Float64())] // some are popular
		conn := s.get(o, rng)
		if conn == nil {
			continue
		}
		if other := o.owner.Swap(id); other != 0 {
			s.t.Errorf("user %d was given the connection of user %d", id, other)
		}
		binary.BigEndian.PutUint64(question, uint64(id))
		binary.BigEndian.PutUint64(question[8:], n)
		binary.BigEndian.PutUint64(question[frameSize-8:], rng.Uint64())
		usable := s.ask(conn, question)
		if other := o.owner.Swap(0); other != id {
			s.t.Errorf("user %d found user %d in its place", id, other)
		}
		s.giveBack(o, conn, usable, rng)
	}
}

func (s *stress) get(o *owned, rng *rand.Rand) *Conn {
	var conn *Conn
	var err error
	switch rng.IntN(8) {
	case 0:
		conn, err = o.cr.Get(now(), testkit.Patience)
	case 1:
		cancel := make(chan struct{})
		timer := time.AfterFunc(time.Duration(rng.IntN(200))*time.Microsecond, func() { close(cancel) })
		conn, err = o.cr.Get(cancel, testkit.Patience)
		timer.Stop()
	case 2:
		conn, err = o.cr.GetWithDialer(nil, &net.Dialer{Timeout: testkit.Patience})
	default:
		conn, err = o.cr.Get(nil, testkit.Patience)
		if err != nil {
			s.t.Errorf("Get without a canceler: %v", err)
		}
	}
	switch err {
	case nil:
		return conn
	case resourcepool.ErrorPutTimeout, resourcepool.ErrorResourceLimitExceeded:
		s.refused.Add(1)
	default:
		s.t.Errorf("Get: %v", err)
	}
	return nil
}

// ask reports whether the connection can be used again. The peer may break it
// at any time, but never gives a wrong answer.
func (s *stress) ask(conn *Conn, question []byte) (usable bool) {
	var answer [frameSize]byte
	err := conn.SetDeadline(time.Now().Add(testkit.Patience))
	if err == nil {
		_, err = conn.Write(question)
	}
	var n int
	if err == nil {
		n, err = io.ReadFull(conn, answer[:])
	}
	if !bytes.Equal(answer[:n], question[:n]) {
		s.t.Errorf("asked %x\nanswer %x", question, answer[:n])
	}
	switch {
	case err == nil:
		s.answers.Add(1)
		return true
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
		s.t.Errorf("not the peer's fault: %v", err)
	}
	s.broken.Add(1)
	return false
}

func (s *stress) giveBack(o *owned, conn *Conn, usable bool, rng *rand.Rand) {
	deed := rng.IntN(32)
	if !usable {
		deed = 0
	}
	switch deed {
	case 0:
		_ = conn.Close() // a broken one may complain
		conn.Put()       // must do nothing, whoever has the address by then
		_ = conn.Close()
	case 1:
		o.cr.ScheduleClose()
		conn.Put()
	case 2:
		conn.Put()
		s.all[rng.IntN(len(s.all))].cr.ScheduleClose()
	case 3: // behind the pool's back
		_ = conn.Conn.Close()
		conn.Put()
	default:
		conn.Put()
	}
}

// missing names what there has been none of so far.
func (s *stress) missing() string {
	st := GetResourcePool().Stats()
	for name, n := range map[string]uint64{
		"answers": s.answers.Load(), "broken connections": s.broken.Load(), "refusals": s.refused.Load(),
		"evictions": st.Evictions, "dead on check": st.DeadOnCheck, "reuses": st.Reuses, "waits": st.Waits,
	} {
		if n == 0 {
			return name
		}
	}
	return ""
}

// finish checks that all was given back, and that the stress has had some of
// everything.
func (s *stress) finish(st resourcepool.Stats, before map[string]string) {
	t := s.t
	if st.InUse != 0 || st.Releasing != 0 || st.Waiting != 0 {
		t.Errorf("in use %d, releasing %d, waiting %d when nobody is left", st.InUse, st.Releasing, st.Waiting)
	}
	if used := s.answers.Load() + s.broken.Load(); st.Gets != used || st.Reuses+st.Allocations != used {
		t.Errorf("%d connections were used, and there are %d Gets, %d reuses, %d allocations",
			used, st.Gets, st.Reuses, st.Allocations)
	}
	if name := s.missing(); name != "" {
		t.Errorf("no %s: this was no stress", name)
	}
	for _, o := range s.all {
		o.cr.ScheduleClose()
	}
	wantUsage(t, GetResourcePool(), 0, 0)
	if leaked := testkit.LeakedDescriptors(before); leaked != "" {
		t.Errorf("left open:\n%s", leaked)
	}
}
