package resourcepool

import (
	"testing"
	"time"
)

// A loop over a few more than there are slots, for which the rules are not equally good.
func TestEvictionTellsWhatIsFollowedAndWhy(t *testing.T) {
	p := New(64, "")
	p.p.clock = func() time.Duration { return 0 } // or what the machine made slow is dear
	if e := p.Eviction(); e.Follows == "" || len(e.Rules) < 2 {
		t.Fatalf("before anything was evicted: %+v", e)
	}
	rs := make([]*Resource, 80)
	for i := range rs {
		rs[i] = p.Create(&thing{})
	}
	for range 200 {
		for _, r := range rs {
			mustGet(t, r)
			r.Put()
		}
	}
	e := p.Eviction()
	var followed *EvictionRule
	var evictions uint64
	for i := range e.Rules {
		r := &e.Rules[i]
		if r.Name == "" || r.Victim == "" || r.Regret < 0 {
			t.Errorf("%+v", *r)
		}
		evictions += r.Evictions
		if r.Name == e.Follows {
			followed = r
		}
	}
	if followed == nil || evictions == 0 {
		t.Fatalf("no rule is followed: %+v", e)
	}
	for _, r := range e.Rules {
		if r.Regret < followed.Regret {
			t.Errorf("%s is regretted less than %s, which is followed: %+v", r.Name, e.Follows, e)
		}
	}
}
