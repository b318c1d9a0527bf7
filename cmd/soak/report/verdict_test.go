//go:build linux

package report

import "testing"

func TestVerdictStatus(t *testing.T) {
	for _, c := range []struct {
		v    Verdict
		want int
	}{
		{Verdict{Clean: true}, StatusClean},
		{Verdict{}, StatusFailed},
		{Verdict{Trouble: "no server"}, StatusFailed},
		{Verdict{Clean: true, Trouble: "no server"}, StatusUsage},
	} {
		if got := c.v.Status(); got != c.want {
			t.Errorf("%+v: status %d, want %d", c.v, got, c.want)
		}
	}
}
