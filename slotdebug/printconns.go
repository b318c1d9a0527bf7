package slotdebug

import (
	"fmt"
	"io"
	"strings"
	"time"
)

func (c *connView) print(w io.Writer, now int64) {
	s := &c.Stats
	fmt.Fprintf(w, "connections %s\n  in use\t%d\n  idle\t%d\n  of DialContext\t%d\n  dialling\t%d\n  waiting\t%d\n  addresses\t%d\n",
		clean(c.Name), s.InUse, s.Idle, s.Dialed, s.Dialing, s.Waiting, s.Addresses)
	d := &s.Dials
	fmt.Fprintf(w, "  dials\t%d\t%d timed out, %d cancelled, %d failed otherwise\n", d.Succeeded, d.TimedOut, d.Cancelled, d.Failed)
	fmt.Fprintf(w, "  waits\t%d\t%d failed\n", s.Waits, s.WaitsFailed)
	c.Waits.print(w, "waits")
	c.Dials.print(w, "dialling")
	c.Failed.print(w, "failing to dial")
	c.Holds.print(w, "holding")
	printAddresses(w, "most dials", c.MostDials)
	printAddresses(w, "most failed dials", c.MostFailed)
	printAddresses(w, "most waits", c.MostWaits)
	for _, h := range c.Holders {
		age := ""
		if h.Since != 0 {
			age = max(0, time.Duration(now-h.Since)*time.Millisecond).String()
		}
		fmt.Fprintf(w, "  held\t%s\t%s %s\n", age, clean(h.Network), clean(h.Address))
		for line := range strings.Lines(h.Stack) {
			fmt.Fprintf(w, "      %s", line)
		}
	}
	for _, x := range c.Closes {
		ago := time.Duration(now-x.At) * time.Millisecond
		fmt.Fprintf(w, "  closed\t%v ago\t%s %s: %s\n", max(ago, 0), clean(x.Network), clean(x.Address), x.Why)
	}
}

func printAddresses(w io.Writer, title string, all []addressView) {
	for _, a := range all {
		about := ""
		if a.Over != 0 {
			about = fmt.Sprintf(", at least %d", a.Count-a.Over)
		}
		fmt.Fprintf(w, "  %s\t%d%s\t%s %s\n", title, a.Count, about, clean(a.Network), clean(a.Address))
	}
}
