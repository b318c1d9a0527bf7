package crowdlock

import (
	"runtime"
	"sync"
	"testing"
)

// With -race this also shows that what is done under the lock is ordered by it.
func TestTwoNeverHaveIt(t *testing.T) {
	var m Mutex
	var all sync.WaitGroup
	has, done := 0, 0
	for range 50 {
		all.Go(func() {
			for i := range 200 {
				m.Lock()
				if has++; has != 1 {
					t.Error("two have it")
				}
				if i%10 == 0 {
					runtime.Gosched() // so that others give up spinning, and wait for their turn
				}
				has--
				done++
				m.Unlock()
			}
		})
	}
	all.Wait()
	if done != 50*200 {
		t.Errorf("%d sections, want %d", done, 50*200)
	}
	if !m.turn.TryLock() || !m.mutex.TryLock() || m.byTurn {
		t.Error("it is not free when all have left")
	}
}

// Who waits for the turn has it in the end, though others come all the time.
func TestWhoWaitsIsNotKeptOut(t *testing.T) {
	var m Mutex
	m.Lock()
	var all sync.WaitGroup
	waited := make(chan struct{})
	sections := 0
	for range 8 {
		all.Go(func() {
			m.Lock()
			sections++
			m.Unlock()
		})
	}
	for range 2 {
		all.Go(func() {
			for {
				m.Lock()
				sections++
				m.Unlock()
				select {
				case <-waited:
					return
				default:
				}
			}
		})
	}
	var waiter sync.WaitGroup
	waiter.Go(func() {
		m.turn.Lock()
		m.mutex.Lock()
		m.byTurn = true
		m.Unlock()
	})
	m.Unlock()
	waiter.Wait()
	close(waited)
	all.Wait()
}
