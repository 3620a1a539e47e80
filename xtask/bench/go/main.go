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
	"echo50":          func() { report("ns", calibrate(5_000, echo(50))) },
	"echo1000":        func() { report("ns", calibrate(20_000, echo(1000))) },
	"net_pipe":        func() { report("ns", calibrate(20_000, netPipe)) },
	"mem10k":          func() { memory(10_000) },
	"mem100k":         func() { memory(100_000) },
	"mem1m":           func() { memory(million) },
	"cpu_pool":        func() { report("speedup_ns", nanosEach(pool(jobs, job, false), jobs)) },
	"cpu_pool_parked": func() { report("speedup_ns", nanosEach(pool(jobs, job, true), jobs)) },

	// Shapes.
	"fanin3_0":       func() { report("ns", calibrate(20_000, fanIn(3, 0))) },
	"fanin10_0":      func() { report("ns", calibrate(20_000, fanIn(10, 0))) },
	"fanin64_0":      func() { report("ns", calibrate(20_000, fanIn(64, 0))) },
	"fanin10_64":     func() { report("ns", calibrate(50_000, fanIn(10, 64))) },
	"fanin_threads4": func() { report("ns", calibrate(20_000, fromThreads)) },
	"fanout10_0":     func() { report("ns", calibrate(20_000, fanOut(10, 0))) },
	"fanout10_64":    func() { report("ns", calibrate(50_000, fanOut(10, 64))) },
	"request1_1":     func() { report("ns", calibrate(20_000, requestReply(1, 1))) },
	"request10_1":    func() { report("ns", calibrate(20_000, requestReply(10, 1))) },
	"request16_4":    func() { report("ns", calibrate(20_000, requestReply(16, 4))) },
	"stages8_0":      func() { report("ns", calibrate(5_000, stages(8, 0))) },
	"stages8_16":     func() { report("ns", calibrate(10_000, stages(8, 16))) },
	"ring1000":       func() { report("ns", calibrate(50_000, ring(1000))) },
	"ring100k":       func() { report("ns", calibrate(200_000, ring(100_000))) },
	"tree18":         func() { report("ns", nanosEach(tree(18), 1<<18)) },
	"select_pool8":   func() { report("ns", calibrate(20_000, selectPool)) },
	"skewed8":        func() { report("ns", nanosEach(skewed(), skewedJobs)) },
	"shards16_hot2":  func() { report("ns", calibrate(50_000, hotShards)) },
	"timers_beside":  func() { report("ns", calibrate(20_000, besideTimers)) },
	"rounds8":        func() { report("ns", calibrate(5_000, rounds)) },
	"broadcast100":   func() { report("ns", calibrate(200, broadcast)) },
	"rw2":            func() { report("ns", calibrate(100_000, readWrite(2))) },
	"rw10":           func() { report("ns", calibrate(100_000, readWrite(10))) },
	"rw100":          func() { report("ns", calibrate(100_000, readWrite(100))) },
	"rw1000":         func() { report("ns", calibrate(100_000, readWrite(1000))) },
	"semaphore4":     func() { report("ns", calibrate(50_000, semaphore)) },
	"cond_queue":     func() { report("ns", calibrate(20_000, condQueue)) },
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
