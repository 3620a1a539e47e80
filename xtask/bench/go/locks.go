package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// readWrite has a hundred goroutines share a value; one operation in oneWriteIn is a write.
func readWrite(oneWriteIn int) func(int) time.Duration {
	return func(count int) time.Duration {
		var lock sync.RWMutex
		var total uint64
		var sum atomic.Uint64
		var wg sync.WaitGroup
		each := count/100 + 1
		start := time.Now()
		for member := range 100 {
			wg.Add(1)
			go func() {
				seen := uint64(0)
				for turn := range each {
					if (turn+member)%oneWriteIn == 0 {
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
		return scaled(time.Since(start), count, each*100)
	}
}

// semaphore has sixteen goroutines, of which a channel of four tokens lets four in.
func semaphore(count int) time.Duration {
	tokens := make(chan struct{}, 4)
	var wg sync.WaitGroup
	each := count/16 + 1
	start := time.Now()
	for range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range each {
				tokens <- struct{}{}
				<-tokens
			}
		}()
	}
	wg.Wait()
	return scaled(time.Since(start), count, each*16)
}

// condQueue is a queue of 16 places under a mutex with two conditions; two producers, two consumers.
func condQueue(count int) time.Duration {
	var mutex sync.Mutex
	notFull, notEmpty := sync.NewCond(&mutex), sync.NewCond(&mutex)
	var values [16]uint64
	first, length := 0, 0
	var wg sync.WaitGroup
	each := count/2 + 1
	start := time.Now()
	for range 2 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := range each {
				mutex.Lock()
				for length == len(values) {
					notFull.Wait()
				}
				values[(first+length)%len(values)] = uint64(i)
				length++
				mutex.Unlock()
				notEmpty.Signal()
			}
		}()
		go func() {
			defer wg.Done()
			for range each {
				mutex.Lock()
				for length == 0 {
					notEmpty.Wait()
				}
				sum := values[first]
				first = (first + 1) % len(values)
				length--
				mutex.Unlock()
				notFull.Signal()
				_ = sum
			}
		}()
	}
	wg.Wait()
	return scaled(time.Since(start), count, each*2)
}
