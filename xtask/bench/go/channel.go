package main

import (
	"sync"
	"sync/atomic"
	"time"
)

func pingpong(count int) time.Duration {
	ping, pong := make(chan struct{}), make(chan struct{})
	go func() {
		for range ping {
			pong <- struct{}{}
		}
		close(pong)
	}()
	start := time.Now()
	for range count {
		ping <- struct{}{}
		<-pong
	}
	took := time.Since(start)
	close(ping)
	<-pong
	return took
}

func spsc(capacity int) func(int) time.Duration {
	return func(count int) time.Duration {
		values := make(chan uint64, capacity)
		start := time.Now()
		go func() {
			for i := range count {
				values <- uint64(i)
			}
			close(values)
		}()
		var sum uint64
		for value := range values {
			sum += value
		}
		sink += sum
		return time.Since(start)
	}
}

// mpmc has four producers and four consumers on one channel.
func mpmc(capacity int) func(int) time.Duration {
	return func(count int) time.Duration {
		values := make(chan uint64, capacity)
		each := count/4 + 1
		var producers, consumers sync.WaitGroup
		var total atomic.Uint64
		start := time.Now()
		for range 4 {
			producers.Add(1)
			go func() {
				defer producers.Done()
				for i := range each {
					values <- uint64(i)
				}
			}()
			consumers.Add(1)
			go func() {
				defer consumers.Done()
				var sum uint64
				for value := range values {
					sum += value
				}
				total.Add(sum)
			}()
		}
		producers.Wait()
		close(values)
		consumers.Wait()
		took := time.Since(start)
		sink += total.Load()
		return time.Duration(float64(took) * float64(count) / float64(each*4))
	}
}

// uncontended sends to and receives from a buffered channel on one goroutine.
func uncontended(count int) time.Duration {
	values := make(chan uint64, 16)
	start := time.Now()
	for i := range count {
		values <- uint64(i)
		sink += <-values
	}
	return time.Since(start)
}
