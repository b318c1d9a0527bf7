package slothttp

// origins are all of a Transport. Most are reached without a proxy, and those are found by their
// address alone, which is less to hash and to keep than a whole key.
type origins struct {
	direct [2]map[string]*origin // by plain and overTLS
	other  map[key]*origin
}

func newOrigins() origins {
	return origins{[2]map[string]*origin{{}, {}}, map[key]*origin{}}
}

func (s *origins) len() int { return len(s.direct[plain]) + len(s.direct[overTLS]) + len(s.other) }

// directly returns the map of origins like that of k by address; nil if k has a proxy or is
// for HTTP/1 alone.
func (s *origins) directly(k *key) map[string]*origin {
	switch {
	case k.proxy != "" || k.onlyH1:
		return nil
	case k.scheme == "https":
		return s.direct[overTLS]
	}
	return s.direct[plain]
}

func (s *origins) get(k *key) *origin {
	if m := s.directly(k); m != nil {
		return m[k.address]
	}
	return s.other[*k]
}

func (s *origins) add(o *origin) {
	if m := s.directly(&o.key); m != nil {
		m[o.key.address] = o
		return
	}
	s.other[o.key] = o
}

func (s *origins) remove(o *origin) {
	if m := s.directly(&o.key); m != nil {
		delete(m, o.key.address)
		return
	}
	delete(s.other, o.key)
}

// each calls f for all, in no order, until it returns false. f may remove what it is given.
func (s *origins) each(f func(*origin) bool) {
	for _, m := range s.direct {
		for _, o := range m {
			if !f(o) {
				return
			}
		}
	}
	for _, o := range s.other {
		if !f(o) {
			return
		}
	}
}
