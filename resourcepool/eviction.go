package resourcepool

func (p *pool) eviction() Eviction {
	rules, followed := p.idle.Rules()
	e := Eviction{Follows: rules[followed].Name}
	for _, r := range rules {
		e.Rules = append(e.Rules, EvictionRule(r))
	}
	return e
}
