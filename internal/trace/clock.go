package trace

// clock goes round over the residents: what was used since it last came by
// goes to the newest end, and the first that was not is evicted.
type clock struct {
	queue   *list
	visited []bool
	held    func(uint32) bool
}

// NewCLOCK makes the CLOCK rule (Corbató, 1968), also called second chance.
func NewCLOCK(t *Trace, held func(uint32) bool) Rule {
	return &clock{queue: newList(t.Addresses), visited: make([]bool, t.Addresses), held: held}
}

func (c *clock) Hit(a uint32) { c.visited[a] = true }
func (c *clock) Put(uint32)   {}

func (c *clock) Insert(a uint32) {
	c.visited[a] = false
	c.queue.pushNewest(a)
}

func (c *clock) Victim(uint32) uint32 {
	for {
		a := c.queue.oldest()
		c.queue.remove(a)
		if !c.visited[a] && !c.held(a) {
			return a
		}
		c.visited[a] = false
		c.queue.pushNewest(a)
	}
}
