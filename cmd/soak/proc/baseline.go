//go:build linux

package proc

import "runtime"

// Baseline is the process before the first Get.
type Baseline struct {
	Descriptors map[string]int
	Goroutines  int
}

// Baseline looks at the process as it is now.
func (p *FS) Baseline() (Baseline, error) {
	d, err := p.Descriptors()
	return Baseline{d.ByKind, runtime.NumGoroutine()}, err
}
