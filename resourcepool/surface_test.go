package resourcepool_test

import "github.com/slotpool/slotpool/resourcepool"

// The surface of the reference, locked at compile time.
var (
	_ error                                          = resourcepool.ErrorPutTimeout
	_ error                                          = resourcepool.ErrorResourceLimitExceeded
	_ func() <-chan struct{}                         = resourcepool.MakeImmediateCanceler
	_ func(max uint, name string) *resourcepool.Pool = resourcepool.New

	_ func(*resourcepool.Pool, resourcepool.AllocateReleaser) *resourcepool.Resource = (*resourcepool.Pool).Create

	_ interface {
		Get(cancelChannel <-chan struct{}) error
		Put()
		Release() error
		ScheduleRelease() error
	} = (*resourcepool.Resource)(nil)
)

// onlyTheTwo has just the methods that the reference asks for.
type onlyTheTwo struct{}

func (onlyTheTwo) Allocate() error { return nil }
func (onlyTheTwo) Release() error  { return nil }

var _ resourcepool.AllocateReleaser = onlyTheTwo{}
