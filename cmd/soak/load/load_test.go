//go:build linux

package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/server"
	"github.com/slotpool/slotpool/cmd/soak/wire"
	"github.com/slotpool/slotpool/connpool"
)

// countedAPI counts the sites that were let go.
type countedAPI struct{ closed, forgotten int }

func (a *countedAPI) begin(*Load)                 {}
func (a *countedAPI) open(server.Endpoint) Way    { return countedWay{a} }
func (a *countedAPI) drain(context.Context) error { return nil }
func (a *countedAPI) end(context.Context)         {}

type countedWay struct{ of *countedAPI }

func (w countedWay) visit(*user, *site, task) bool { return false }
func (w countedWay) ScheduleClose()                { w.of.closed++ }
func (w countedWay) forget()                       { w.of.forgotten++ }

func testLoad(a API) *Load {
	endpoints := server.Local(20, 12345, "/tmp", true)
	l := New(Config{Users: 1, Rate: 1, APIs: []string{apiResource}, Names: "127.0.0.1:1"}, endpoints, check.NewLedger(nil))
	l.apis = []API{a}
	return l
}

func TestPassingSitesAreForgotten(t *testing.T) {
	api := &countedAPI{}
	l := testLoad(api)
	const made = 3*passingKept + 7
	names := map[string]bool{}
	for range made {
		s := l.passing.next(l)
		names[s.Target()] = true
		l.passing.retire(s)
	}
	if len(names) != made {
		t.Errorf("%d names for %d sites", len(names), made)
	}
	if n := len(l.passing.sites()); n != passingKept || api.closed != made-passingKept || api.forgotten != api.closed {
		t.Errorf("of %d sites %d are kept and %d were let go, want %d kept", made, n, api.closed, passingKept)
	}
}

func TestHealthyHostsAreCompared(t *testing.T) {
	for name, c := range map[string]struct {
		quiet, dead time.Duration
		gets        int
		fails       bool
	}{
		"as quick":                   {10 * time.Millisecond, 12 * time.Millisecond, fewestGets, false},
		"below what counts":          {time.Millisecond, worstBeside - 10*time.Millisecond, fewestGets, false},
		"slow":                       {time.Millisecond, worstBeside + 10*time.Millisecond, fewestGets, true},
		"slow where all is slow":     {time.Second, 2 * time.Second, fewestGets, false},
		"too few, however slow":      {time.Millisecond, time.Second, fewestGets - 1, false},
		"much slower than slow ones": {time.Second, 4 * time.Second, fewestGets, true},
	} {
		l := testLoad(&countedAPI{})
		l.Ledger.Injected = check.InjectHealthyHosts // switches the check on
		for range c.gets {
			l.Phase.Store(int32(PhaseQuiet))
			l.recordBeside(l.Sites[0], PhaseQuiet, c.quiet)
			l.recordBeside(l.Sites[0], PhaseDead, time.Minute) // began in another phase
			l.Phase.Store(int32(PhaseDead))
			l.recordBeside(l.Sites[0], PhaseDead, c.dead)
			l.recordBeside(&site{Dead: true}, PhaseDead, time.Minute)
		}
		l.CheckBeside()
		if l.Ledger.Failed() != c.fails {
			t.Errorf("%s: failed is %v: %+v", name, l.Ledger.Failed(), l.Ledger.Results())
		}
	}
}

// TestHealthyHostsCheckSaysItsBound: its text once said "as quick".
func TestHealthyHostsCheckSaysItsBound(t *testing.T) {
	want := fmt.Sprintf("at most %d ms, or %s times", worstBeside.Milliseconds(), map[int]string{3: "three"}[worstFactor])
	for _, r := range testLoad(&countedAPI{}).Ledger.Results() {
		if r.Name == check.HealthyHosts && strings.Contains(r.Holds, want) {
			return
		}
	}
	t.Errorf("it does not say %q", want)
}

// TestAnswerOwedToAFormerUserIsNoFault has a connection that a user put before the peer,
// which had stopped reading, answered.
func TestAnswerOwedToAFormerUserIsNoFault(t *testing.T) {
	for _, owed := range []bool{true, false} {
		l := testLoad(&countedAPI{})
		u, s := l.users[0], l.Sites[0]
		u.timer = time.NewTimer(0)
		here, there := net.Pipe()
		go func() {
			_, _ = io.ReadFull(there, make([]byte, 100))
			answer := make([]byte, 100)
			wire.FillFrame(answer, uint32(u.id)+1, 0, 1)
			_, _ = there.Write(answer)
			there.Close()
		}()
		of := newSeen(here)
		of.owed.Store(owed)
		err := u.talk(s, task{Requests: 1, Size: 100}, &connpool.Conn{Conn: here}, of)
		if l.Ledger.Failed() == owed || err == nil || u.finishFor(task{Finish: finishPut}, err) != finishClose {
			t.Errorf("owed %v: %v, the soak fails: %v", owed, err, l.Ledger.Failed())
		}
		here.Close()
	}
}

func TestLookupEndsWithItsDial(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	l := Lookups{Server: silent.LocalAddr().String()}
	conn, err := l.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	conn.(*lookup).end = time.Now()
	if err := conn.SetDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading from a silent server past the dial's end: %v", err)
	}
	if l.Open() != 1 || l.Begun() != 1 {
		t.Errorf("%d open of %d, want 1 of 1", l.Open(), l.Begun())
	}
	conn.Close()
	conn.Close()
	if l.Open() != 0 {
		t.Errorf("%d open after two Closes of one", l.Open())
	}
}

func TestSteadyUsersLeaveSlots(t *testing.T) {
	for slots, want := range map[int]int{2: 0, 4*leftOver - 1: 0, 4 * leftOver: 3 * leftOver, 512: 512 - leftOver} {
		if got := SteadyUsers(slots); got != want {
			t.Errorf("%d slots: %d steady users, want %d", slots, got, want)
		}
	}
	for at := time.Duration(0); at < 2*steadyPeriod; at += time.Second {
		if part := holding(at); part < 0.5 || part > 1 {
			t.Errorf("at %v a part of %v holds", at, part)
		}
	}
}

func TestUnknownAPIIsNamed(t *testing.T) {
	for _, list := range []string{"carrier pigeon", "", "pool,carrier pigeon"} {
		if _, err := ParseAPIs(list, true); err == nil || !strings.Contains(err.Error(), `: want all, both or resource, pool`) {
			t.Errorf("%q: error %v", list, err)
		}
	}
	for list, want := range map[string][]string{
		apiAll: apiNames, apiBoth: {apiResource, apiPool}, apiPool: {apiPool}, "pool, resource,pool": {apiPool, apiResource},
	} {
		if got, err := ParseAPIs(list, true); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", list, got, err, want)
		}
	}
}
