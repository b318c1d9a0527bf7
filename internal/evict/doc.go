// Package evict decides which idle resource of a pool is evicted when its slot is needed
// for another. DESIGN.md tells how, under Eviction. It knows resources only as Nodes, and
// shares one word with the pool: their state.
package evict
