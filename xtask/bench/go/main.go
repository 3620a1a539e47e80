// The workloads of the bench in Go, as a Go programmer would write them.
//
//	PROGRAM go WORKLOAD PROCS
//
// prints "R KEY VALUE" lines. Names and sizes are those of gochan's program beside it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
)

const million = 1_000_000

// A table, not a switch: a workload is one line here and one function elsewhere.
var workloads = map[string]func(){
	"spawn_all":       func() { report("ns", nanosEach(spawn(million, million), million)) },
	"spawn_batch":     func() { report("ns", nanosEach(spawn(million, 1000), million)) },
	"pingpong":        func() { report("ns", calibrate(20_000, pingpong)) },
	"spsc128":         func() { report("ns", calibrate(50_000, spsc(128))) },
	"spsc0":           func() { report("ns", calibrate(20_000, spsc(0))) },
	"mpmc128":         func() { report("ns", calibrate(50_000, mpmc(128))) },
	"mpmc0":           func() { report("ns", calibrate(20_000, mpmc(0))) },
	"chan_uncont":     func() { report("ns", calibrate(million, uncontended)) },
	"pool8":           func() { report("ns", nanosEach(pool(million, double, false), million)) },
	"sieve":           func() { report("ms", millis(sieve())) },
	"daisy":           func() { report("ns", nanosEach(daisy(), daisyLinks*daisyValues)) },
	"yield":           func() { report("ns", calibrate(100_000, yields)) },
	"select2_128":     func() { report("ns", calibrate(20_000, select2(128))) },
	"select2_0":       func() { report("ns", calibrate(20_000, select2(0))) },
	"select8_128":     func() { report("ns", calibrate(20_000, select8(128))) },
	"select8_0":       func() { report("ns", calibrate(20_000, select8(0))) },
	"select_default":  func() { report("ns", calibrate(million, selectDefault)) },
	"mutex1":          func() { report("ns", calibrate(million, mutexes(1))) },
	"mutex8":          func() { report("ns", calibrate(100_000, mutexes(8))) },
	"rw8":             func() { report("ns", calibrate(100_000, readers)) },
	"ctx_create":      func() { report("ns", calibrate(100_000, contextCreate)) },
	"ctx_err":         func() { report("ns", calibrate(million, contextErr)) },
	"ctx_value5":      func() { report("ns", calibrate(million, contextValue)) },
	"ctx_cancel10k":   func() { report("us", micros(contextCancel(10_000))) },
	"timeafter":       func() { report("ns", calibrate(100_000, timeAfter)) },
	"timestop":        func() { report("ns", calibrate(100_000, timeStop)) },
	"timers100k":      func() { timers(100_000) },
	"mem10k":          func() { memory(10_000) },
	"mem100k":         func() { memory(100_000) },
	"mem1m":           func() { memory(million) },
	"cpu_pool":        func() { report("speedup_ns", nanosEach(pool(jobs, job, false), jobs)) },
	"cpu_pool_parked": func() { report("speedup_ns", nanosEach(pool(jobs, job, true), jobs)) },
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: PROGRAM go WORKLOAD PROCS")
		os.Exit(2)
	}
	procs, err := strconv.Atoi(os.Args[3])
	if err != nil || procs < 1 {
		fmt.Fprintln(os.Stderr, "PROCS must be a positive number")
		os.Exit(2)
	}
	run, known := workloads[os.Args[2]]
	if !known {
		os.Exit(3)
	}
	runtime.GOMAXPROCS(procs)
	// On a goroutine of its own, as the other programs do.
	done := make(chan struct{})
	go func() {
		run()
		close(done)
	}()
	<-done
}
