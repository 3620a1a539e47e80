package main

import (
	"sync"
	"time"
)

// rounds starts eight goroutines a round and waits for them.
func rounds(count int) time.Duration {
	start := time.Now()
	for range count {
		var wg sync.WaitGroup
		for range 8 {
			wg.Add(1)
			go func() { wg.Done() }()
		}
		wg.Wait()
	}
	return time.Since(start)
}

// broadcast has a hundred goroutines wait for a close in each round, and measures a round.
func broadcast(count int) time.Duration {
	start := time.Now()
	for range count {
		var ready, done sync.WaitGroup
		released := make(chan struct{})
		for range 100 {
			ready.Add(1)
			done.Add(1)
			go func() {
				ready.Done()
				<-released
				done.Done()
			}()
		}
		ready.Wait()
		close(released)
		done.Wait()
	}
	return time.Since(start)
}
