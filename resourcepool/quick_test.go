package resourcepool
import ("testing";"sync/atomic";"sync";"unsafe")
type nop struct{}
func (nop) Allocate() error {return nil}
func (nop) Release() error {return nil}
func TestSize(t *testing.T){ t.Log(unsafe.Sizeof(Resource{})) }
func BenchmarkTwoCAS(b *testing.B){ var x atomic.Uint64; for b.Loop() { w:=x.Load(); x.CompareAndSwap(w,w+1); w=x.Load(); x.CompareAndSwap(w,w-1)} }
func BenchmarkGetPut(b *testing.B){ p:=New(10,""); r:=p.Create(nop{}); for b.Loop() { r.Get(nil); r.Put() } }
func BenchmarkEvict(b *testing.B){ p:=New(8,""); rs:=make([]*Resource,1024); for i:=range rs {rs[i]=p.Create(nop{})}; i:=0; for b.Loop() { r:=rs[i&1023]; i++; r.Get(nil); r.Put() } }
func wide(b *testing.B, n int) {p:=New(uint(n),""); rs:=make([]*Resource,n); for i:=range rs {rs[i]=p.Create(nop{}); rs[i].Get(nil); rs[i].Put()}; x:=uint64(1); for b.Loop() { x=x*6364136223846793005+1442695040888963407; r:=rs[(x>>32)*uint64(n)>>32]; r.Get(nil); r.Put() } }
func BenchmarkWide100(b *testing.B){wide(b,100)}
func BenchmarkWide1M(b *testing.B){wide(b,1000000)}
func BenchmarkContended(b *testing.B){ p:=New(8,""); 
  var wg sync.WaitGroup; per:=b.N/64+1; b.ReportAllocs(); b.ResetTimer()
  for u:=0;u<64;u++ { r:=p.Create(nop{}); wg.Go(func(){ for i:=0;i<per;i++ { r.Get(nil); r.Put() } }) }
  wg.Wait(); b.Logf("%+v", p.Stats()) }
func BenchmarkChan(b *testing.B){ c:=make(chan struct{},8); for i:=0;i<8;i++ {c<-struct{}{}}
  var wg sync.WaitGroup; per:=b.N/64+1; b.ReportAllocs(); b.ResetTimer()
  for u:=0;u<64;u++ { wg.Go(func(){ for i:=0;i<per;i++ { x:=<-c; c<-x } }) }
  wg.Wait() }
