package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// spawn starts count goroutines, batch at a time, and waits for each batch.
func spawn(count, batch int) time.Duration {
	start := time.Now()
	for i := 0; i < count; i += batch {
		var wg sync.WaitGroup
		wg.Add(batch)
		for range batch {
			go func() { wg.Done() }()
		}
		wg.Wait()
	}
	return time.Since(start)
}

// yields lets two goroutines yield to each other.
func yields(count int) time.Duration {
	var wg sync.WaitGroup
	each := count/2 + 1
	start := time.Now()
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range each {
				runtime.Gosched()
			}
		}()
	}
	wg.Wait()
	return time.Since(start)
}

// memory parks count goroutines on one channel, reports what they cost, and releases them by closing it.
func memory(count int) {
	runtime.GC()
	before := occupiedNow()
	release := make(chan struct{})
	var wg sync.WaitGroup
	var started atomic.Int64
	start := time.Now()
	wg.Add(count)
	for range count {
		go func() {
			started.Add(1)
			<-release
			wg.Done()
		}()
	}
	for started.Load() != int64(count) {
		runtime.Gosched()
	}
	spawned := time.Since(start)
	time.Sleep(50 * time.Millisecond)
	occupiedNow().reportSince(before, count)
	start = time.Now()
	close(release)
	wg.Wait()
	report("spawn_ms", millis(spawned))
	report("release_ms", millis(time.Since(start)))
}
