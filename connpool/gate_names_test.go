package connpool

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlowNamesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s slowNames
		s.set("a", true)
		s.set("b", true)
		s.set("b", false)
		if !s.has("a") || s.has("b") || s.has("c") {
			t.Fatal("a alone is slow")
		}
		time.Sleep(slowNamesFor)
		if !s.has("a") {
			t.Fatal("forgotten too soon")
		}
		time.Sleep(slowNamesFor)
		if s.has("a") || len(s.young)+len(s.old) != 0 {
			t.Fatal("remembered for too long")
		}
		s.set("a", true)
		time.Sleep(10 * slowNamesFor)
		if s.has("a") {
			t.Fatal("remembered for too long")
		}
	})
}

func TestSlowNamesAreBounded(t *testing.T) {
	var s slowNames
	for i := range 5 * mostSlowNames {
		s.set(strconv.Itoa(i), true)
	}
	if n := len(s.young) + len(s.old); n > 2*mostSlowNames {
		t.Fatalf("%d names are remembered, want %d at the most", n, 2*mostSlowNames)
	}
	if !s.has(strconv.Itoa(5*mostSlowNames - 1)) {
		t.Fatal("the last is forgotten")
	}
}
