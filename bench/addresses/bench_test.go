// Package addresses has the benchmarks that hold ten thousand connections.
package addresses

import (
	"testing"

	"github.com/slotpool/slotpool/bench/rival"
	"github.com/slotpool/slotpool/bench/work"
)

func BenchmarkByAddress(b *testing.B) {
	work.ByAddress(b, append([]work.AddressContender{work.SlotpoolByAddress, work.SlotpoolByResource},
		rival.AllByAddress()...))
}

func BenchmarkHTTPByAddress(b *testing.B) {
	work.HTTPByAddress(b, []work.HTTPContender{work.SlotpoolHTTP, rival.NetHTTP})
}

func TestMain(m *testing.M) { work.MainWithManyDescriptors(m) }
