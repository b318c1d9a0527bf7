package slothttp

// Queued is how many requests wait for a connection to share.
func Queued(t *Transport) (n int) {
	s, err := t.use()
	if err != nil {
		return 0
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for o := range s.origins.each {
		n += int(o.waiting.Load())
	}
	return n
}
