// Package crowdlock has a mutex for short sections that a crowd wants at once, more goroutines
// than there are processors for.
package crowdlock

import "sync"

// Mutex is a sync.Mutex that stays fast in a crowd. The zero value is unlocked. It may not be
// copied after its first use.
//
// A sync.Mutex for which somebody has waited for a millisecond is handed from each to the next.
// All who come then sleep, and with all processors busy each hand-over takes a turn of the
// scheduler: as long as there is a crowd it stays so, and who has a slot to give
// stands behind thousands who want one.
//
// Here one at a time waits for the mutex, and the others for their turn to do so. So the hand-over
// is over when that one has it, and who comes finds the mutex free, as sections are short.
// Nobody is kept out for ever. Both mutexes are handed to who has waited for them for a millisecond, and that is the turn of
// the one who came first.
type Mutex struct {
	mutex  sync.Mutex
	turn   sync.Mutex
	byTurn bool // guarded by mutex: its holder has the turn as well
}

// spins is how often Lock tries before it waits, which is about as long as a section. sync.Mutex does
// not spin at all when there are goroutines to run.
const spins = 100

// Lock waits until the mutex is the caller's.
func (m *Mutex) Lock() {
	for range spins {
		if m.mutex.TryLock() {
			return
		}
	}
	m.turn.Lock()
	m.mutex.Lock()
	m.byTurn = true
}

// Unlock ends what Lock began. The turn is passed on after the mutex: passing it on may
// put the caller to the end of the run queue, which it must not be with the mutex in hand.
func (m *Mutex) Unlock() {
	byTurn := m.byTurn
	m.byTurn = false
	m.mutex.Unlock()
	if byTurn {
		m.turn.Unlock()
	}
}
