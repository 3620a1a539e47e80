package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The same constants and the same steps as measure.rs beside this folder.
const (
	longEnough = 120 * time.Millisecond
	aimNanos   = 170e6
	jobRounds  = 100_000
	jobs       = 3_000
	echoed     = 64
	room       = 1024
)

// Keeps results alive.
var sink uint64

// calibrate grows the count until one run is long enough, and returns nanoseconds per operation of that run.
func calibrate(count int, run func(count int) time.Duration) float64 {
	for {
		took := run(count)
		if took >= longEnough {
			return nanosEach(took, count)
		}
		growth := min(max(aimNanos/float64(max(took.Nanoseconds(), 1)), 1.5), 50)
		count = int(float64(count)*growth) + 1
	}
}

func nanosEach(took time.Duration, count int) float64 {
	return float64(took.Nanoseconds()) / float64(count)
}

func millis(took time.Duration) float64 {
	return took.Seconds() * 1e3
}

func micros(took time.Duration) float64 {
	return took.Seconds() * 1e6
}

func report(key string, value float64) {
	fmt.Printf("R %s %.4f\n", key, value)
}

func double(j uint64) uint64 {
	return j * 2
}

// job is a fixed amount of work that no compiler can shorten: every round needs the one before it.
func job(seed uint64) uint64 {
	x := seed | 1
	for range jobRounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// pauses draws count durations of 1 to 100 ms, in microseconds, the same in every program.
func pauses(count int) []time.Duration {
	all := make([]time.Duration, count)
	state := uint64(0x9E3779B97F4A7C15)
	for i := range all {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		all[i] = time.Duration(1000+state%99_000) * time.Microsecond
	}
	return all
}

// processorTime is what all threads of the process have used so far.
func processorTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// occupied is what the process holds, in KiB.
type occupied struct {
	resident, pageTables float64
}

func occupiedNow() (now occupied) {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		value, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			now.resident = value
		case "VmPTE:":
			now.pageTables = value
		}
	}
	return
}

// reportSince reports what count parked goroutines have added since before: all of it, and the resident part.
func (now occupied) reportSince(before occupied, count int) {
	resident := (now.resident - before.resident) * 1024 / float64(count)
	pageTables := (now.pageTables - before.pageTables) * 1024 / float64(count)
	report("bytes_per", resident+pageTables)
	report("rss_per", resident)
}
