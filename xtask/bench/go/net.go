package main

import (
	"io"
	"net"
	"sync"
	"time"
)

func sendBack(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, room)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

func roundTrips(conn net.Conn, count int) {
	buf := make([]byte, room)
	for range count {
		if _, err := conn.Write(buf[:echoed]); err != nil {
			panic(err)
		}
		if _, err := io.ReadAtLeast(conn, buf, echoed); err != nil {
			panic(err)
		}
	}
}

// echo makes round trips, the same number over each connection at once. Both ends are goroutines of this process. Go's
// connections send at once (TCP_NODELAY) by default.
func echo(connections int) func(int) time.Duration {
	return func(count int) time.Duration {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		defer listener.Close()
		go func() {
			for range connections {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go sendBack(conn)
			}
		}()
		conns := make([]net.Conn, connections)
		for i := range conns {
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				panic(err)
			}
			conns[i] = conn
		}
		var wg sync.WaitGroup
		each := count/connections + 1
		start := time.Now()
		for _, conn := range conns {
			wg.Add(1)
			go func() {
				roundTrips(conn, each)
				conn.Close()
				wg.Done()
			}()
		}
		wg.Wait()
		return time.Since(start)
	}
}

func netPipe(count int) time.Duration {
	one, other := net.Pipe()
	go sendBack(other)
	start := time.Now()
	roundTrips(one, count)
	took := time.Since(start)
	one.Close()
	return took
}
