package main

import "time"

// produce sends count values and leaves the channel open: a closed one would always be ready.
func produce(values chan<- uint64, count int) {
	for i := range count {
		values <- uint64(i)
	}
}

// select2 receives from whichever of two channels has something.
func select2(capacity int) func(int) time.Duration {
	return func(count int) time.Duration {
		a, b := make(chan uint64, capacity), make(chan uint64, capacity)
		each := count/2 + 1
		start := time.Now()
		go produce(a, each)
		go produce(b, each)
		var sum uint64
		for range 2 * each {
			select {
			case value := <-a:
				sum += value
			case value := <-b:
				sum += value
			}
		}
		sink += sum
		return time.Since(start)
	}
}

func select8(capacity int) func(int) time.Duration {
	return func(count int) time.Duration {
		var c [8]chan uint64
		for i := range c {
			c[i] = make(chan uint64, capacity)
		}
		each := count/8 + 1
		start := time.Now()
		for i := range c {
			go produce(c[i], each)
		}
		var sum uint64
		for range 8 * each {
			var value uint64
			select {
			case value = <-c[0]:
			case value = <-c[1]:
			case value = <-c[2]:
			case value = <-c[3]:
			case value = <-c[4]:
			case value = <-c[5]:
			case value = <-c[6]:
			case value = <-c[7]:
			}
			sum += value
		}
		sink += sum
		return time.Since(start)
	}
}

// selectDefault asks a channel that never has anything.
func selectDefault(count int) time.Duration {
	empty := make(chan uint64)
	start := time.Now()
	for range count {
		select {
		case value := <-empty:
			sink += value
		default:
		}
	}
	return time.Since(start)
}
