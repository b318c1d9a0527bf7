package evict

import "testing"

// One bad eviction of few tells less than many that were a little bad.
func TestFewEvictionsSayLittle(t *testing.T) {
	var b scoreboard
	b.init()
	for e := duel; e < experts; e++ {
		b.scores[e] = score{evictions: 1000, regret: 1000 * 100}
	}
	b.scores[filter] = score{evictions: 1, regret: 0}
	b.usual = b.mean()
	b.compare()
	if got := expert(b.best.Load()); got != filter {
		t.Errorf("follows %d, want the one that is hardly known and was not regretted", got)
	}
	b.scores[filter].regret = 400
	b.scores[duel].regret = 1000 * 50
	b.usual = b.mean()
	b.compare()
	if got := expert(b.best.Load()); got != duel {
		t.Errorf("follows %d, want the one that is known to be good", got)
	}
	if b.close.Load()>>filter&1 == 0 {
		t.Error("one bad eviction of one puts an expert out of the running")
	}
}

func TestWhoHasNoEvictionsIsTried(t *testing.T) {
	var b scoreboard
	b.init()
	b.scores[duel] = score{evictions: 16, regret: 16 * 1000}
	b.usual = b.mean()
	b.compare()
	if got := expert(b.best.Load()); got != filter {
		t.Errorf("follows %d, want the first that is unknown", got)
	}
}

func TestCloseExpertsAreExploredOftener(t *testing.T) {
	const evictions = 192_000
	r := newRig(t, 1, 2, 1)
	r.lists.board.best.Store(uint32(duel))
	r.lists.board.close.Store(1<<duel | 1<<filter)
	all := *r.lists.all.Load()
	var chosen [experts]int
	both := 0
	for range evictions {
		e, other := all[0].choose(), all[1].choose()
		chosen[e]++
		if e == other && e != duel {
			both++
		}
	}
	for e, want := range map[expert]int{filter: 12_000, filterRecent: 1000, leastRecent: 1000} {
		if got := chosen[e]; got < want*9/10 || got > want*11/10 {
			t.Errorf("expert %d was chosen %d times, want about %d", e, got, want)
		}
	}
	if both > 3000 { // of 12,000; all, if they had the same draws
		t.Errorf("two lists explore the same %d times", both)
	}
}
