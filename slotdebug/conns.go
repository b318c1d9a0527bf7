package slotdebug

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/slotpool/slotpool/connpool"
)

// What a look shows of each list, at most.
const (
	mostAddresses = 10
	mostHolders   = 100
)

// connView is a connpool.Pool.
type connView struct {
	Name   string             `json:"name"`
	Stats  connpool.PoolStats `json:"stats"`
	Waits  histogram          `json:"waits"`
	Dials  histogram          `json:"dials"`
	Failed histogram          `json:"failed"`
	Holds  histogram          `json:"holds"`

	MostDials  []addressView `json:"mostDials"`
	MostFailed []addressView `json:"mostFailed"`
	MostWaits  []addressView `json:"mostWaits"`
	Holders    []holderView  `json:"holders"` // the longest first
	Closes     []closeView   `json:"closes"`  // the latest first
}

type addressView struct {
	Network string `json:"network"`
	Address string `json:"address"`
	Count   uint64 `json:"count"` // at most so many, at least so many less over
	Over    uint64 `json:"over"`
}

type holderView struct {
	Network string `json:"network"`
	Address string `json:"address"`
	Since   int64  `json:"since"` // 0: not known, as the pool has no HoldWarning
	Stack   string `json:"stack"`
}

type closeView struct {
	At      int64  `json:"at"`
	Network string `json:"network"`
	Address string `json:"address"`
	Why     string `json:"why"`
}

func seeConns(pools map[string]*connpool.Pool) []connView {
	all := []connView{}
	for _, name := range slices.Sorted(maps.Keys(pools)) {
		if p := pools[name]; p != nil {
			all = append(all, newConnView(name, p))
		}
	}
	return all
}

func newConnView(name string, p *connpool.Pool) connView {
	times, busiest := p.Times(), p.Busiest()
	v := connView{
		Name: name, Stats: p.Stats(),
		Waits: newHistogram(&times.Wait), Dials: newHistogram(&times.Dial),
		Failed: newHistogram(&times.DialFailed), Holds: newHistogram(&times.Hold),
		MostDials: first(busiest.Dials), MostFailed: first(busiest.Failed), MostWaits: first(busiest.Waits),
		Holders: longest(p), Closes: []closeView{},
	}
	for _, c := range p.RecentCloses() {
		v.Closes = append(v.Closes, closeView{c.At.UnixMilli(), c.Network, c.Address, c.Why.String()})
	}
	return v
}

func first(of []connpool.AddressCount) []addressView {
	all := []addressView{}
	for _, a := range of[:min(len(of), mostAddresses)] {
		all = append(all, addressView(a))
	}
	return all
}

// longest returns who holds connections longest. It never keeps more than one besides
// these, as there may be a million.
func longest(p *connpool.Pool) []holderView {
	var held []connpool.Holder
	for h := range p.Holders() {
		at, _ := slices.BinarySearchFunc(held, h, func(one, h connpool.Holder) int {
			return cmp.Or(longer(one, h), -1) // after its equals
		})
		if at == mostHolders {
			continue
		}
		held = slices.Insert(held, at, h)
		held = held[:min(len(held), mostHolders)]
	}
	all := []holderView{}
	for _, h := range held {
		v := holderView{Network: h.Network, Address: h.Address, Stack: stack(h)}
		if !h.Since.IsZero() {
			v.Since = h.Since.UnixMilli()
		}
		all = append(all, v)
	}
	return all
}

// longer compares for how long two hold. One that is not known yet has only just begun.
func longer(a, b connpool.Holder) int {
	switch none := [2]bool{a.Since.IsZero(), b.Since.IsZero()}; none {
	case [2]bool{true, false}:
		return 1
	case [2]bool{false, true}:
		return -1
	}
	return a.Since.Compare(b.Since)
}

func stack(h connpool.Holder) string {
	if len(h.Stack) == 0 {
		return ""
	}
	var b strings.Builder
	frames := h.Frames()
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		fmt.Fprintf(&b, "%s\n    %s:%d\n", f.Function, f.File, f.Line)
	}
	return b.String()
}
