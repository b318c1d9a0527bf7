package resourcepool_test

import (
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
	"github.com/slotpool/slotpool/internal/testpool"
)

// BenchmarkBesideStats has the slowest of Gets in a pool of a million residents: alone,
// beside a loop that only reads memory, and beside one that asks for Stats.
func BenchmarkBesideStats(b *testing.B) {
	m := testpool.NewMillion(b)
	stats := testkit.Loop{Name: "Stats", Do: func() { m.Pool.Stats() }}
	b.Run("idle", func(b *testing.B) { testkit.Slowest(b, m.Idle, stats) })
	b.Run("evicting", func(b *testing.B) { testkit.Slowest(b, m.Evicting, stats) })
}
