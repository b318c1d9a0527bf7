package rival

import "github.com/slotpool/slotpool/bench/work"

// channels is the pool that people write by hand: a buffered channel that is
// filled at the start.
var channels = kind[chan *thing]{
	name: "channel",
	most: 1_000_000,
	make: func(slots int) chan *thing {
		p := make(chan *thing, slots)
		for range slots {
			p <- new(thing)
		}
		return p
	},
	cycle: func(p chan *thing, n int) {
		for range n {
			t := <-p
			p <- t
		}
	},
	user: func(p chan *thing) work.User { return &channelUser{pool: p} },
}

type channelUser struct {
	pool chan *thing
	held *thing
}

func (u *channelUser) Get() { u.held = <-u.pool }
func (u *channelUser) Put() { u.pool <- u.held }
