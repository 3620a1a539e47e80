package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// mutexes lets goroutines count together under one mutex.
func mutexes(goroutines int) func(int) time.Duration {
	return func(count int) time.Duration {
		var mutex sync.Mutex
		var total uint64
		var wg sync.WaitGroup
		each := count/goroutines + 1
		start := time.Now()
		for range goroutines {
			wg.Add(1)
			go func() {
				for range each {
					mutex.Lock()
					total++
					mutex.Unlock()
				}
				wg.Done()
			}()
		}
		wg.Wait()
		sink += total
		return time.Since(start)
	}
}

// readers lets eight goroutines share a value that each writes once in a hundred turns.
func readers(count int) time.Duration {
	var lock sync.RWMutex
	var total uint64
	var sum atomic.Uint64
	var wg sync.WaitGroup
	each := count/8 + 1
	start := time.Now()
	for range 8 {
		wg.Add(1)
		go func() {
			seen := uint64(0)
			for turn := range each {
				if turn%100 == 99 {
					lock.Lock()
					total++
					lock.Unlock()
				} else {
					lock.RLock()
					seen += total
					lock.RUnlock()
				}
			}
			sum.Add(seen)
			wg.Done()
		}()
	}
	wg.Wait()
	sink += sum.Load()
	return time.Since(start)
}
