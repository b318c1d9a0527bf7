package linear

import "testing"

func history(slots int, steps ...func(*History)) error {
	h := New(slots)
	for _, s := range steps {
		s(h)
	}
	return h.Check()
}

func op(k Kind, r int, call, ret int64) func(*History) {
	return func(h *History) { h.Add(k, r, call, ret) }
}

func refused(r int, call, ret int64) func(*History) {
	return func(h *History) { h.AddGet(r, call, ret, true, false) }
}

func TestModelKnowsTheContractOfGroups(t *testing.T) {
	cancelled := func(call, ret int64) func(*History) {
		return func(h *History) { h.AddCancelled(call, ret) }
	}
	opened := []func(*History){op(Open, 1, 1, 2), op(Ready, 1, 3, 4)}
	for _, c := range []struct {
		name  string
		ok    bool
		most  int
		steps []func(*History)
	}{
		{"opened and gotten", true, 0, []func(*History){op(Reuse, 1, 1, 6)}},
		{"gotten before it was opened", false, 0, []func(*History){op(Reuse, 1, 0, 2)}},
		{"two have one", false, 0, []func(*History){op(Reuse, 1, 5, 6), op(Reuse, 1, 5, 7)}},
		{"two members", true, 2, []func(*History){op(Open, 2, 5, 6)}},
		{"two where one may be", false, 1, []func(*History){op(Open, 2, 5, 6)}},
		{"a resource beside as many members as may be", true, 1, []func(*History){op(Open, 0, 5, 6)}},
		{"three on two slots", false, 0, []func(*History){op(Open, 2, 5, 6), op(Open, 3, 5, 6)}},
		{"one idle and not found", false, 0, []func(*History){op(NoneIdle, 1, 5, 6)}},
		{"one idle and not found while it is gotten", true, 0, []func(*History){op(Reuse, 1, 5, 9), op(NoneIdle, 1, 5, 6)}},
		{"one idle and not found beside one that is cancelled", true, 0, []func(*History){op(NoneIdle, 1, 5, 8), cancelled(7, 9)}},
		{"one idle and not found before one is cancelled", false, 0, []func(*History){op(NoneIdle, 1, 5, 8), cancelled(9, 10)}},
		{"not found before it is ready", true, 0, []func(*History){op(NoneIdle, 1, 1, 3)}},
		{"renewed", true, 1, []func(*History){op(Reuse, 1, 5, 6), op(Renew, 1, 7, 8), op(Ready, 1, 9, 10), op(Reuse, 1, 7, 11)}},
		{"renewed while idle", false, 1, []func(*History){op(Renew, 1, 7, 8)}},
	} {
		h := NewGroup(2, 1, c.most)
		for _, s := range append(opened[:2:2], c.steps...) {
			s(h)
		}
		if err := h.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestModelKnowsTheContract(t *testing.T) {
	for _, c := range []struct {
		name  string
		ok    bool
		slots int
		steps []func(*History)
	}{
		{"get and put", true, 1, []func(*History){op(Open, 0, 1, 2), op(Opened, 0, 3, 4), op(Put, 0, 5, 6), op(Reuse, 0, 7, 8)}},
		{"two have one", false, 2, []func(*History){op(Open, 0, 1, 2), op(Opened, 0, 3, 4), op(Reuse, 0, 5, 6)}},
		{"two slots of one", false, 1, []func(*History){op(Open, 0, 1, 2), op(Open, 1, 3, 4)}},
		{"evicted first", true, 1, []func(*History){op(Open, 0, 1, 2), op(Opened, 0, 3, 4), op(Put, 0, 5, 6),
			op(Begin, 0, 4, 8), op(End, 0, 9, 20), op(Open, 1, 7, 11)}},
		{"evicted in use", false, 1, []func(*History){op(Open, 0, 1, 2), op(Opened, 0, 3, 4), op(Begin, 0, 5, 6)}},
		{"refused for want of a slot", true, 1, []func(*History){op(Open, 0, 1, 2), refused(1, 3, 4)}},
		{"refused with a slot free", false, 2, []func(*History){op(Open, 0, 1, 2), refused(1, 3, 4)}},
		{"refused with an idle one", false, 1, []func(*History){op(Open, 0, 1, 2), op(Opened, 0, 3, 4), op(Put, 0, 5, 6), refused(1, 7, 8)}},
		{"refused while its former user still puts what was gotten and put since", true, 1, []func(*History){
			op(Open, 0, 1, 2), op(Opened, 0, 3, 4), op(Put, 0, 5, 15), op(Reuse, 0, 7, 8), op(Put, 0, 9, 10), refused(1, 11, 12)}},
		{"refused while it was put", true, 1, []func(*History){op(Open, 0, 1, 2), op(Opened, 0, 3, 4), op(Put, 0, 5, 9), refused(1, 7, 8)}},
	} {
		if err := history(c.slots, c.steps...); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
