// Package resourcepool has the reference's surface, over slotpool. CI compiles
// and runs the reference's benchmarks with it where the reference itself
// cannot be had. Its figures are slotpool's.
package resourcepool

import "github.com/slotpool/slotpool/resourcepool"

type (
	AllocateReleaser = resourcepool.AllocateReleaser
	Pool             = resourcepool.Pool
	Resource         = resourcepool.Resource
)

func New(max uint, metricsSubDirname string) *Pool {
	return resourcepool.New(max, metricsSubDirname)
}
