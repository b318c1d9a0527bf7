// Package bench compares slotpool with other pools. See README.md here.
package bench

import (
	"testing"

	"github.com/slotpool/slotpool/bench/rival"
	"github.com/slotpool/slotpool/bench/work"
)

// contenders are all that compete for resources. Slotpool comes first, so
// that benchstat compares with it.
func contenders() []work.Contender {
	return append([]work.Contender{work.Slotpool, work.Floor}, rival.All()...)
}

func BenchmarkAlone(b *testing.B)     { work.Alone(b, contenders()) }
func BenchmarkParallel(b *testing.B)  { work.Parallel(b, contenders()) }
func BenchmarkContended(b *testing.B) { work.Contended(b, contenders()) }
func BenchmarkWait(b *testing.B)      { work.Wait(b, contenders()) }
func BenchmarkEvicting(b *testing.B)  { work.Evicting(b, contenders()) }
func BenchmarkWide(b *testing.B)      { work.Wide(b, contenders()) }

func connContenders() []work.ConnContender {
	return append([]work.ConnContender{work.SlotpoolConn, work.FloorConn}, rival.AllConns()...)
}

func BenchmarkConn(b *testing.B)      { work.Conn(b, connContenders()) }
func BenchmarkDialClose(b *testing.B) { work.DialClose(b, connContenders()) }
func BenchmarkFanout(b *testing.B)    { work.Fanout(b, connContenders()) }
func BenchmarkHTTP(b *testing.B) {
	work.HTTP(b, []work.HTTPContender{work.SlotpoolHTTP, rival.NetHTTP})
}
func BenchmarkSyscalls(b *testing.B) { work.Syscalls(b) }
func BenchmarkBytes(b *testing.B)    { work.Bytes(b, contenders(), connContenders()) }

func TestMain(m *testing.M) { work.Main(m, nil) }
