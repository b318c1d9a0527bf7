//go:build linux

package run

import (
	"fmt"
	"io"

	"github.com/slotpool/slotpool/cmd/soak/faults"
	"github.com/slotpool/slotpool/cmd/soak/load"
)

// PrintPlan shows what a seed decides.
func PrintPlan(w io.Writer, c *Config) {
	fmt.Fprintf(w, "seed %d\n", c.seed)
	for _, p := range faults.MakePlan(c.seed, c.duration, c.faults) {
		fmt.Fprintf(w, "%v for %v: %s, faults %v\n", p.Start, p.Length, p.Selection, p.Faults)
	}
	tasks := load.NewTaskSource(c.seed, 0)
	for range 10 {
		fmt.Fprintf(w, "user 0: %+v\n", tasks.Next())
	}
}
