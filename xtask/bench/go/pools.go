package main

import (
	"context"
	"sync"
	"time"
)

// selectPool has eight workers that select on jobs, results and the end of a context.
func selectPool(count int) time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	in, out := make(chan uint64), make(chan uint64)
	start := time.Now()
	for range 8 {
		go func() {
			for {
				var j uint64
				select {
				case j = <-in:
				case <-ctx.Done():
					return
				}
				select {
				case out <- j * 2:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	go func() {
		for i := range count {
			in <- uint64(i)
		}
	}()
	for range count {
		sink += <-out
	}
	took := time.Since(start)
	cancel()
	return took
}

// One job in a hundred is long.
const skewedJobs = 100_000

func skewed() time.Duration {
	in, out := make(chan uint64), make(chan uint64)
	start := time.Now()
	for range 8 {
		go func() {
			for number := range in {
				if number%100 == 0 {
					out <- job(number)
				} else {
					out <- number
				}
			}
		}()
	}
	go func() {
		for number := range uint64(skewedJobs) {
			in <- number
		}
		close(in)
	}()
	for range skewedJobs {
		sink += <-out
	}
	return time.Since(start)
}

// hotShards has sixteen owners of a part of the data each; two parts get nine requests of ten.
func hotShards(count int) time.Duration {
	var shards [16]chan uint64
	var wg sync.WaitGroup
	start := time.Now()
	for i := range shards {
		shards[i] = make(chan uint64, 16)
		wg.Add(1)
		go func() {
			defer wg.Done()
			drain(shards[i])
		}()
	}
	var clients sync.WaitGroup
	each := count/4 + 1
	for client := range uint64(4) {
		clients.Add(1)
		go func() {
			defer clients.Done()
			state := 0x9E3779B97F4A7C15 + client
			for range each {
				state ^= state << 13
				state ^= state >> 7
				state ^= state << 17
				shard := state >> 8 & 15
				if state%10 != 0 {
					shard = state >> 8 & 1
				}
				shards[shard] <- state
			}
		}()
	}
	clients.Wait()
	for _, shard := range shards {
		close(shard)
	}
	wg.Wait()
	return scaled(time.Since(start), count, each*4)
}

// besideTimers lets a pair talk while a thousand goroutines sleep for milliseconds at a time and a ticker ticks.
func besideTimers(count int) time.Duration {
	stop := make(chan struct{})
	for range 1000 {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					time.Sleep(5 * time.Millisecond)
				}
			}
		}()
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	defer close(stop)
	return pingpong(count)
}
