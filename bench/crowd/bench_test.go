// Package crowd has the benchmarks of users who wait long: what counts is not the time of a cycle.
package crowd

import (
	"testing"

	"github.com/slotpool/slotpool/bench/rival"
	"github.com/slotpool/slotpool/bench/work"
)

func BenchmarkSlowOnes(b *testing.B) {
	work.SlowOnes(b, append([]work.ConnContender{work.SlotpoolServer}, rival.ForServer()...))
}

func BenchmarkStorm(b *testing.B) {
	work.Storm(b, append(append([]work.StormContender{}, work.SlotpoolStorms...), rival.InStorm()...))
}

func TestMain(m *testing.M) { work.Main(m, nil) }
