package main

import (
	"runtime"
	"sync"
	"time"
)

// drain receives to the close of values, and returns how many there were.
func drain(values <-chan uint64) int {
	var sum uint64
	received := 0
	for value := range values {
		sum += value
		received++
	}
	sink = sum
	return received
}

// scaled is the time of count operations, when took is that of done.
func scaled(took time.Duration, count, done int) time.Duration {
	return time.Duration(float64(took) * float64(count) / float64(done))
}

func fanIn(producers, capacity int) func(int) time.Duration {
	return func(count int) time.Duration {
		values := make(chan uint64, capacity)
		var wg sync.WaitGroup
		each := count/producers + 1
		start := time.Now()
		for range producers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range each {
					values <- uint64(i)
				}
			}()
		}
		go func() {
			wg.Wait()
			close(values)
		}()
		if drain(values) != each*producers {
			panic("values were lost")
		}
		return scaled(time.Since(start), count, each*producers)
	}
}

// fromThreads has goroutines send that are each locked to a thread, the nearest that Go has to threads of C.
func fromThreads(count int) time.Duration {
	const producers = 4
	values := make(chan uint64, 64)
	each := count/producers + 1
	start := time.Now()
	for range producers {
		go func() {
			runtime.LockOSThread()
			for i := range each {
				values <- uint64(i)
			}
		}()
	}
	for range each * producers {
		sink += <-values
	}
	return scaled(time.Since(start), count, each*producers)
}

func fanOut(consumers, capacity int) func(int) time.Duration {
	return func(count int) time.Duration {
		values := make(chan uint64, capacity)
		received := make(chan int, consumers)
		start := time.Now()
		for range consumers {
			go func() { received <- drain(values) }()
		}
		for i := range count {
			values <- uint64(i)
		}
		close(values)
		total := 0
		for range consumers {
			total += <-received
		}
		if total != count {
			panic("values were lost")
		}
		return time.Since(start)
	}
}

type request struct {
	number uint64
	reply  chan uint64
}

// requestReply has clients that each wait for the reply to their request before they send the next one.
func requestReply(clients, servers int) func(int) time.Duration {
	return func(count int) time.Duration {
		requests := make(chan request)
		var wg sync.WaitGroup
		each := count/clients + 1
		start := time.Now()
		for range servers {
			go func() {
				for request := range requests {
					request.reply <- request.number + 1
				}
			}()
		}
		for range clients {
			wg.Add(1)
			go func() {
				defer wg.Done()
				reply := make(chan uint64)
				for number := range uint64(each) {
					requests <- request{number, reply}
					if <-reply != number+1 {
						panic("a wrong reply")
					}
				}
			}()
		}
		wg.Wait()
		took := time.Since(start)
		close(requests)
		return scaled(took, count, each*clients)
	}
}
