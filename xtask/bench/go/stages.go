package main

import "time"

// stages measures a value's hop from stage to stage.
func stages(stages, capacity int) func(int) time.Duration {
	return func(count int) time.Duration {
		first := make(chan uint64, capacity)
		last := first
		start := time.Now()
		for range stages {
			right := make(chan uint64, capacity)
			go func(left <-chan uint64, right chan<- uint64) {
				for value := range left {
					right <- value + 1
				}
				close(right)
			}(last, right)
			last = right
		}
		go func() {
			for i := range count {
				first <- uint64(i)
			}
			close(first)
		}()
		received := 0
		for range last {
			received++
		}
		if received != count {
			panic("values were lost")
		}
		return time.Since(start) / time.Duration(stages)
	}
}

// ring lets a token go round until it has made count hops.
func ring(members int) func(int) time.Duration {
	return func(count int) time.Duration {
		done := make(chan struct{})
		first := make(chan int)
		left := first
		for member := range members {
			right := first
			if member+1 < members {
				right = make(chan int)
			}
			go func(left <-chan int, right chan<- int) {
				for hops := range left {
					if hops == 0 {
						close(done)
						return
					}
					right <- hops - 1
				}
			}(left, right)
			left = right
		}
		// Every member waits before the time begins.
		time.Sleep(20 * time.Millisecond)
		start := time.Now()
		first <- count
		<-done
		return time.Since(start)
	}
}

func leaves(depth int) uint64 {
	if depth == 0 {
		return 1
	}
	sums := make(chan uint64)
	for range 2 {
		go func() { sums <- leaves(depth - 1) }()
	}
	return <-sums + <-sums
}

// tree has a goroutine for each node of a binary tree; the leaves count themselves, the others add up.
func tree(depth int) time.Duration {
	start := time.Now()
	if leaves(depth) != 1<<depth {
		panic("leaves were lost")
	}
	return time.Since(start)
}
