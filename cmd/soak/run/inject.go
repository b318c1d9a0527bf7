//go:build linux

package run

import (
	"fmt"
	"os"

	"github.com/slotpool/slotpool/cmd/soak/check"
	"github.com/slotpool/slotpool/cmd/soak/report"
)

// injected is what the run itself breaks on purpose.
type injected struct {
	samples int
	files   []*os.File
	memory  [][]byte
	stop    chan struct{} // ends the goroutines
}

const (
	grownEvery      = 2       // samples, a file
	grownGoroutines = 20      // a sample
	grownMemory     = 1 << 20 // bytes a sample
)

// injectSample makes something grow with each sample, or the sample wrong.
func (r *soak) injectSample(m *report.Sample) {
	i := &r.injected
	switch r.config.inject {
	case check.InjectSlots:
		m.Pool.InUse += m.Pool.Max
	case check.InjectTrendFD:
		if i.samples++; i.samples%grownEvery != 0 {
			return
		}
		if f, err := os.Open(os.DevNull); err == nil {
			i.files = append(i.files, f)
		}
	case check.InjectTrendGoroutines:
		if i.stop == nil {
			i.stop = make(chan struct{})
		}
		for range grownGoroutines {
			go func() { <-i.stop }()
		}
	case check.InjectTrendHeap:
		i.memory = append(i.memory, make([]byte, grownMemory))
	}
}

// undo ends what injectSample made grow, so that it is the trend that tells.
func (i *injected) undo() {
	for _, f := range i.files {
		_ = f.Close() // of /dev/null
	}
	if i.stop != nil {
		close(i.stop)
	}
	i.memory = nil
}

// injectHeld takes a slot for the check of that name, and returns how to give it back.
func (r *soak) injectHeld(of check.Injection) (done func()) {
	if r.config.inject != of {
		return func() {}
	}
	if !r.load.Pool.TryAcquire(1) {
		r.ledger.Trouble(fmt.Errorf("-inject %s: no slot", of))
		return func() {}
	}
	return func() { r.load.Pool.Free(1) }
}
