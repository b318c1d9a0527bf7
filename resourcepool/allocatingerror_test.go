package resourcepool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestContextThatEndsWhileAllocatingIsAPutTimeout as the Allocate goes on, and is another's
// then.
func TestContextThatEndsWhileAllocatingIsAPutTimeout(t *testing.T) {
	for name, get := range map[string]func(ctx context.Context, p *Pool, target AllocateReleaser) error{
		"Detach": func(ctx context.Context, p *Pool, target AllocateReleaser) error {
			r := p.Create(target)
			return r.Detach(ctx, func() error { return r.Get(nil) })
		},
		"Group": func(ctx context.Context, p *Pool, target AllocateReleaser) error {
			_, err := p.NewGroup("", 0, func() AllocateReleaser { return target }).Get(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := get(ctx, New(1, ""), &thing{allocate: func() error { time.Sleep(time.Minute); return nil }})
				if !errors.Is(err, ErrorPutTimeout) || !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}
