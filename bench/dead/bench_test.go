// Package dead has the benchmarks beside hosts that do not answer.
package dead

import (
	"testing"

	"github.com/slotpool/slotpool/bench/rival"
	"github.com/slotpool/slotpool/bench/work"
)

func BenchmarkDeadHosts(b *testing.B) {
	work.DeadHosts(b, []work.HTTPContender{work.SlotpoolHTTP, rival.NetHTTP})
}

func TestMain(m *testing.M) { work.Main(m, nil) }
