//go:build linux

package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/slotpool/slotpool/cmd/soak/check"
)

// Exit statuses.
const (
	StatusClean  = 0
	StatusFailed = 1
	StatusUsage  = 2 // wrong use, or no way to run
)

// Verdict is all that there is to say at the end.
type Verdict struct {
	Clean    bool            `json:"clean"`
	Ended    string          `json:"ended"` // why and when
	Trouble  string          `json:"trouble,omitempty"`
	Checks   []check.Result  `json:"checks"`
	Faults   []FaultResult   `json:"faults"`
	Figures  []FigureResult  `json:"figures"`
	Injected check.Injection `json:"injected,omitempty"`
}

// FaultResult is a row of the fault table. All but Struck are of the windows
// in which the fault was alone, Alone is how often it struck in these.
type FaultResult struct {
	Name       string `json:"name"`
	How        string `json:"how"`
	Unit       string `json:"unit"`
	Struck     uint64 `json:"struck"`
	Alone      uint64 `json:"alone"`
	Replaced   uint64 `json:"replaced"`   // parked connections found dead and dialled anew
	RaceWindow uint64 `json:"raceWindow"` // handed out though they died during the Get
	Broken     uint64 `json:"broken"`     // died in a user's hands
	DialErrors uint64 `json:"dialErrors"`
	Panics     uint64 `json:"panics"`
	Cancelled  uint64 `json:"cancelled"`
	Gets       uint64 `json:"gets"`
}

// FigureResult is a line of figures.
type FigureResult struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Print writes the verdict for a person.
func (v *Verdict) Print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", v.Ended)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FAULT\tSTRUCK\tALONE\tREPLACED\tIN RACE WINDOW\tBROKE IN USE\tDIAL ERRORS\tPANICS\tCANCELLED\tOF GETS")
	for _, f := range v.Faults {
		fmt.Fprintf(t, "%s\t%d %s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", f.Name, f.Struck, f.Unit, f.Alone,
			f.Replaced, f.RaceWindow, f.Broken, f.DialErrors, f.Panics, f.Cancelled, f.Gets)
	}
	if len(v.Faults) > 0 {
		fmt.Fprintln(t)
	}
	for _, f := range v.Figures {
		fmt.Fprintf(t, "%s\t%s\n", f.Name, f.Value)
	}
	fmt.Fprintln(t)
	for _, c := range v.Checks {
		mark, text := "ok", c.Holds
		if c.Failed != nil {
			mark = "FAILED"
		}
		if c.Detail != "" {
			text += ": " + c.Detail
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, c.Name, text)
	}
	_ = t.Flush() // to a terminal or a pipe: there is nobody to tell
	for _, c := range v.Checks {
		if c.Failed != nil {
			at := time.Duration(c.Failed.At * float64(time.Second)).Round(time.Millisecond)
			first, rest, _ := strings.Cut(c.Failed.First, "\n")
			fmt.Fprintf(w, "\n%s failed %d times, first after %v:\n  %s\n%s", c.Name, c.Failed.Count, at, first, rest)
		}
	}
	fmt.Fprintf(w, "\n%s\n", v.summary())
}

func (v *Verdict) summary() string {
	var failed []string
	for _, c := range v.Checks {
		if c.Failed != nil {
			failed = append(failed, c.Name)
		}
	}
	switch {
	case len(failed) > 0:
		return "VERDICT: FAILED: " + strings.Join(failed, ", ")
	case v.Trouble != "":
		return "VERDICT: none: the soak could not do its work: " + v.Trouble
	}
	return "VERDICT: clean"
}

// Status is the exit status that the verdict means.
func (v *Verdict) Status() int {
	switch {
	case !v.Clean:
		return StatusFailed
	case v.Trouble != "":
		return StatusUsage
	}
	return StatusClean
}
