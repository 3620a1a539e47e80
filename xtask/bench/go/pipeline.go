package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// pool has eight workers between a channel of jobs and one of results; with parked, all of them wait before
// the first job is sent.
func pool(count int, work func(uint64) uint64, parked bool) time.Duration {
	in, out := make(chan uint64), make(chan uint64)
	var workers sync.WaitGroup
	var started atomic.Int64
	start := time.Now()
	for range 8 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			started.Add(1)
			for j := range in {
				out <- work(j)
			}
		}()
	}
	if parked {
		for started.Load() != 8 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond)
		start = time.Now()
	}
	go func() {
		for i := range count {
			in <- uint64(i)
		}
		close(in)
	}()
	go func() {
		workers.Wait()
		close(out)
	}()
	received := 0
	for result := range out {
		sink += result
		received++
	}
	if received != count {
		panic("results were lost")
	}
	return time.Since(start)
}

// sieve finds the first thousand primes, one goroutine a prime.
func sieve() time.Duration {
	start := time.Now()
	numbers := make(chan uint64)
	go func(out chan<- uint64) {
		for i := uint64(2); ; i++ {
			out <- i
		}
	}(numbers)
	var prime uint64
	for range 1000 {
		prime = <-numbers
		rest := make(chan uint64)
		go func(in <-chan uint64, out chan<- uint64, prime uint64) {
			for {
				if i := <-in; i%prime != 0 {
					out <- i
				}
			}
		}(numbers, rest, prime)
		numbers = rest
	}
	took := time.Since(start)
	if prime != 7919 {
		panic("not the thousandth prime")
	}
	return took
}

const (
	daisyLinks  = 100
	daisyValues = 10_000
)

// daisy sends values through a chain of goroutines that each add one.
func daisy() time.Duration {
	start := time.Now()
	first := make(chan uint64)
	last := first
	for range daisyLinks {
		right := make(chan uint64)
		go func(in <-chan uint64, out chan<- uint64) {
			for value := range in {
				out <- value + 1
			}
			close(out)
		}(last, right)
		last = right
	}
	go func() {
		for i := range daisyValues {
			first <- uint64(i)
		}
		close(first)
	}()
	received := 0
	for range last {
		received++
	}
	if received != daisyValues {
		panic("values were lost")
	}
	return time.Since(start)
}
