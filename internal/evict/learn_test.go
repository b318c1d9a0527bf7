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
	none := new([experts]report)
	b.merge(none, 1000)
	if got := expert(b.best.Load()); got != filter {
		t.Errorf("follows %d, want the one that is hardly known and was not regretted", got)
	}
	b.scores[filter].regret = 800
	b.scores[duel].regret = 1000 * 98
	b.merge(none, 1000)
	if got := expert(b.best.Load()); got != duel {
		t.Errorf("follows %d, want the one that is known to be good", got)
	}
	b.scores[duel].regret = 1000 * 180
	b.merge(none, 1000)
	if got := expert(b.best.Load()); got != filterRecent {
		t.Errorf("follows %d, want the first that is usual", got)
	}
}

func TestWhoHasNoEvictionsIsTried(t *testing.T) {
	var b scoreboard
	b.init()
	b.scores[duel] = score{evictions: 16, regret: 16 * 1000}
	b.merge(new([experts]report), 64)
	for i, want := range inDoubt[1:] {
		if got := expert(b.best.Load()); got != want {
			t.Errorf("follows %d, want %d: the first that is unknown", got, want)
		}
		b.scores[inDoubt[i+1]] = b.scores[duel]
		b.merge(new([experts]report), 64)
	}
}

// Evictions whose resources had no time to come back do not make an expert look good.
func TestEvictionsCountOnceTheyAreDecided(t *testing.T) {
	const slots = 1024
	var b scoreboard
	b.init()
	b.scores[duel] = score{evictions: 1000, regret: 1000 * 100}
	b.scores[filter] = score{evictions: 1000, regret: 1000 * 99}
	b.scores[filterRecent] = b.scores[duel]
	b.scores[leastRecent] = b.scores[duel]
	news := new([experts]report)
	news[duel].evictions = 16
	b.merge(news, slots)
	if got := expert(b.best.Load()); got != filter {
		t.Errorf("16 evictions that nobody can regret yet make the pool follow %d", got)
	}
	if s := b.scores[duel]; s.open < 15 || s.evictions > 1001 {
		t.Errorf("they count at once: %+v", s)
	}
	news[duel].returned = 10
	b.merge(news, slots)
	if s := b.scores[duel]; s.open > 6 || s.evictions < 1010 {
		t.Errorf("who returned is not counted: %+v", s)
	}
	for range 4 * openFor * slots / mergeEvery {
		b.merge(news, slots)
	}
	if s := b.scores[duel]; s.open > 0.5 || s.evictions < 1015.5 || s.evictions > 1016 {
		t.Errorf("who never returns is not counted in the end: %+v", s)
	}
}

// What was taken to be decided and returns after all does not count twice.
func TestLateReturnCountsInPlaceOfAnother(t *testing.T) {
	s := score{open: 3, evictions: 100}
	s.add(report{evictions: 1, returned: 9}, 0)
	if s.open != 0 || s.evictions != 104 {
		t.Errorf("%+v, want 104 evictions in all", s)
	}
}

// What goes and returns between two reports of its list is decided with the second.
func TestReturnInTheReportOfItsEvictionIsDecidedLate(t *testing.T) {
	var s score
	s.add(report{evictions: 5, returned: 4}, 0)
	if s.open != 1 || s.evictions != 4 {
		t.Errorf("%+v, want 4 decided and one open", s)
	}
}

func TestListsExploreAtDifferentTimes(t *testing.T) {
	const evictions = 1000 * exploreOneIn
	r := newRig(t, 1, 2, 1)
	r.lists.board.best.Store(uint32(duel))
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
	for e := filter; e < experts; e++ {
		if got := chosen[e]; got < 900 || got > 1100 {
			t.Errorf("expert %d was chosen %d times, want about 1000", e, got)
		}
	}
	if both > 300 { // of 3000; all, if they had the same draws
		t.Errorf("two lists explore the same %d times", both)
	}
}
