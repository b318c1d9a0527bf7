package slothttp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// parkedStreams returns an origin with one idle connection, to a server that allows so many streams.
func parkedStreams(t *testing.T, streams int) *origin {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.EnableHTTP2 = true
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
	server.StartTLS()
	t.Cleanup(server.Close)
	tr := &Transport{Base: server.Client().Transport.(*http.Transport), Slots: resourcepool.New(8, "")}
	t.Cleanup(tr.CloseIdleConnections)
	response, err := (&http.Client{Transport: tr}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	var found *origin
	for found = range tr.state.origins.each {
		break
	}
	testkit.Eventually(t, "all streams are free", func() bool {
		r := found.group.TryGet()
		if r == nil {
			return false
		}
		l := bind(r)
		defer l.putBack()
		return l.cc.Available() == streams
	})
	return found
}

// TestBurstOnAnIdleConnectionOpensNoOther: as many requests came as it has streams. Who got it for all
// of them had a second stream for a moment, as the first in the queue. So the last had none, and
// began to open a connection.
func TestBurstOnAnIdleConnectionOpensNoOther(t *testing.T) {
	const streams = 4
	o := parkedStreams(t, streams)
	all := make([]*waiter, streams)
	o.mu.Lock()
	for i := range all {
		all[i] = &waiter{wake: make(chan struct{}, 1)}
		o.queue = append(o.queue, all[i])
		o.waiting.Add(1)
	}
	o.promote()
	o.mu.Unlock()
	l, err := o.lead(t.Context(), all[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	for i, w := range all[1:] {
		if !w.served || w.link != l || w.lead {
			t.Errorf("the request behind %d others: served %v, by the same connection %v, opens one %v", i+1, w.served, w.link == l, w.lead)
		}
	}
	if all[0].served || len(o.queue) != 0 || o.waiting.Load() != 0 || o.opening {
		t.Errorf("served twice %v, %d in the queue, %d wait, opening %v", all[0].served, len(o.queue), o.waiting.Load(), o.opening)
	}
	o.mu.Unlock()
	for range streams {
		o.giveUp(l)
	}
	if st := o.state.slots.Stats(); st.Allocations != 1 || st.InUse != 0 || st.Idle != 1 {
		t.Errorf("%+v", st)
	}
}
