package main

import (
	"context"
	"sync"
	"time"
)

// contextCreate derives from a parent that can be cancelled, too, so that each child is linked and unlinked.
func contextCreate(count int) time.Duration {
	parent, cancelParent := context.WithCancel(context.Background())
	defer cancelParent()
	start := time.Now()
	for range count {
		_, cancel := context.WithCancel(parent)
		cancel()
	}
	return time.Since(start)
}

func contextErr(count int) time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	start := time.Now()
	for range count {
		if ctx.Err() != nil {
			sink++
		}
	}
	return time.Since(start)
}

type level int

// contextValue looks up the value that is farthest away.
func contextValue(count int) time.Duration {
	ctx := context.Background()
	for i := range 5 {
		ctx = context.WithValue(ctx, level(i), i)
	}
	start := time.Now()
	for range count {
		if ctx.Value(level(0)) != nil {
			sink++
		}
	}
	return time.Since(start)
}

// contextCancel releases count goroutines that select on a context and on a channel where nothing comes.
func contextCancel(count int) time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	never := make(chan struct{})
	var started, ended sync.WaitGroup
	started.Add(count)
	ended.Add(count)
	for range count {
		go func() {
			started.Done()
			select {
			case <-ctx.Done():
			case <-never:
			}
			ended.Done()
		}()
	}
	started.Wait()
	time.Sleep(20 * time.Millisecond)
	start := time.Now()
	cancel()
	ended.Wait()
	return time.Since(start)
}
