package testpool

import (
	"context"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/resourcepool"
)

// GiveUp has a Get of a resource of p that somebody else has wait, and give up then.
func GiveUp(t *testing.T, p *resourcepool.Pool, held *resourcepool.Resource) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- held.GetContext(ctx) }()
	testkit.Eventually(t, "it waits", func() bool { return p.Stats().Waiting == 1 })
	cancel()
	if <-ended == nil {
		t.Fatal("a resource in use was handed out")
	}
}
