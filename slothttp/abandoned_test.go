package slothttp_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotpool/slotpool/resourcepool"
	"github.com/slotpool/slotpool/slothttp"
)

// A dial that nobody waits for any more keeps its slot for a second at most, also where
// nobody else wants that. One that somebody waits for goes on.
func TestDialThatNobodyWaitsForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := resourcepool.New(2, "")
		ended := make(chan time.Time, 1)
		tr := &slothttp.Transport{Slots: pool, Base: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				ended <- time.Now()
				return nil, ctx.Err()
			},
		}}
		began := time.Now()
		const patience = 10 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, err := get(ctx, tr, "http://dead.test/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the request: %v", err)
		}
		if took := (<-ended).Sub(began); took < patience || took > patience+time.Second {
			t.Errorf("the dial ended after %v, want from %v to a second later", took, patience)
		}
		synctest.Wait()
		if st := pool.Stats(); st.InUse != 0 {
			t.Errorf("%+v", st)
		}
	})
}
