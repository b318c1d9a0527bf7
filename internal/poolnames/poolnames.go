// Package poolnames gives each pool a label of its own, for those who publish
// the figures of several.
package poolnames

import (
	"iter"
	"strconv"
	"sync"
	"weak"

	"github.com/slotpool/slotpool/resourcepool"
)

// Names remembers which label each pool has, so that it keeps it while others of its
// name come and go. Its zero value is ready for use, by several goroutines at once.
type Names struct {
	lock   sync.Mutex
	labels map[weak.Pointer[resourcepool.Pool]]string
	taken  map[string]bool
}

// Labelled is a pool with its label.
type Labelled struct {
	Pool  *resourcepool.Pool
	Label string // its name; of a second one of that name, name#2

	// Parent is the label of the nearest of the pools above it that is
	// labelled too, and whose figures include those of this one. "": there is
	// none, and so the pools without a Parent add up to all.
	Parent string
}

// Label labels pools, each once.
func (n *Names) Label(pools iter.Seq[*resourcepool.Pool]) (all []Labelled) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.forget()
	labels := map[*resourcepool.Pool]string{}
	for p := range pools {
		if _, twice := labels[p]; p != nil && !twice {
			labels[p] = n.labelOf(p)
			all = append(all, Labelled{Pool: p, Label: labels[p]})
		}
	}
	for i := range all {
		for above := all[i].Pool.Parent(); above != nil && all[i].Parent == ""; above = above.Parent() {
			all[i].Parent = labels[above]
		}
	}
	return all
}

// Named are the pools that resourcepool.Pools finds.
func Named(yield func(*resourcepool.Pool) bool) {
	for _, p := range resourcepool.Pools() {
		if !yield(p) {
			return
		}
	}
}

// forget frees the labels of pools that are gone.
func (n *Names) forget() {
	for w, label := range n.labels {
		if w.Value() == nil {
			delete(n.labels, w)
			delete(n.taken, label)
		}
	}
}

func (n *Names) labelOf(p *resourcepool.Pool) string {
	if n.labels == nil {
		n.labels, n.taken = map[weak.Pointer[resourcepool.Pool]]string{}, map[string]bool{}
	}
	w := weak.Make(p)
	label, known := n.labels[w]
	if known {
		return label
	}
	name := p.Name()
	if name == "" {
		name = unnamed // "" as a Parent means that there is none
	}
	label = name
	for i := 2; n.taken[label]; i++ {
		label = name + "#" + strconv.Itoa(i)
	}
	n.labels[w], n.taken[label] = label, true
	return label
}

const unnamed = "unnamed"
