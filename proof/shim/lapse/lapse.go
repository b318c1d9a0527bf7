// Package lapse is internal/lapse, of which nothing ever lapses: what would happen then is a step
// of its own in the scenarios.
package lapse

import "time"

// Owner is lapse.Owner.
type Owner interface{ Lapsed() }

// Queue is lapse.Queue.
type Queue struct{}

// Item is lapse.Item.
type Item struct{}

// New is lapse.New.
func New(time.Duration) *Queue { return &Queue{} }

// Add is Queue.Add.
func (*Queue) Add(*Item, Owner) {}

// Remove is Queue.Remove.
func (*Queue) Remove(*Item) {}
