package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// timeAfter gives each receive a timeout that never comes.
func timeAfter(count int) time.Duration {
	values := make(chan uint64, 1)
	start := time.Now()
	for range count {
		values <- 1
		select {
		case value := <-values:
			sink += value
		case <-time.After(time.Second):
		}
	}
	return time.Since(start)
}

func timeStop(count int) time.Duration {
	values := make(chan uint64, 1)
	start := time.Now()
	for range count {
		values <- 1
		timer := time.NewTimer(time.Second)
		select {
		case value := <-values:
			sink += value
		case <-timer.C:
		}
		timer.Stop()
	}
	return time.Since(start)
}

// timers lets count goroutines sleep and reports the time beyond the longest sleep, what the processors
// worked, and how late a goroutine woke on average.
func timers(count int) {
	lengths := pauses(count)
	var wg sync.WaitGroup
	var late atomic.Int64
	wg.Add(count)
	used := processorTime()
	start := time.Now()
	for _, length := range lengths {
		go func() {
			asleep := time.Now()
			time.Sleep(length)
			late.Add(int64(time.Since(asleep) - length))
			wg.Done()
		}()
	}
	wg.Wait()
	report("over_ms", millis(time.Since(start))-100)
	report("cpu_ms", millis(processorTime()-used))
	report("late_us", micros(time.Duration(late.Load()))/float64(count))
}
