//! Sockets, and the pipe that stands in for them: both ends are goroutines of this process.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use gochan::net::{TcpListener, TcpStream, pipe};
use gochan::prelude::*;

use crate::Workload;
use crate::measure::{ECHOED, ROOM, calibrate, raise_descriptor_limit, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "echo50", run: || report("ns", calibrate(5_000, |n| echo(n, 50))) },
    Workload { name: "echo1000", run: || report("ns", calibrate(20_000, |n| echo(n, 1000))) },
    Workload { name: "net_pipe", run: || report("ns", calibrate(20_000, net_pipe)) },
];

fn send_back(mut stream: impl Read + Write) {
    let mut buf = [0; ROOM];
    while let Ok(read @ 1..) = stream.read(&mut buf) {
        if stream.write_all(&buf[..read]).is_err() {
            break;
        }
    }
}

fn round_trip(stream: &mut (impl Read + Write)) {
    let mut buf = [1; ROOM];
    stream.write_all(&buf[..ECHOED]).expect("the other end reads");
    let mut read = 0;
    while read < ECHOED {
        match stream.read(&mut buf[read..]) {
            Ok(more @ 1..) => read += more,
            end => panic!("the other end answers: {end:?}"),
        }
    }
}

fn connect(to: std::net::SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("the listener is there");
    stream.set_nodelay(true).expect("an open socket");
    stream
}

/// Round trips, the same number over each connection at once.
fn echo(count: usize, connections: usize) -> Duration {
    raise_descriptor_limit();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    go!({
        for _ in 0..connections {
            let (stream, _) = listener.accept().expect("a connection");
            stream.set_nodelay(true).expect("an open socket");
            go!(send_back(stream));
        }
    });
    let streams: Vec<_> = (0..connections).map(|_| connect(address)).collect();
    let wg = WaitGroup::new();
    let each = count / connections + 1;
    let start = Instant::now();
    for mut stream in streams {
        wg.go(move || {
            (0..each).for_each(|_| round_trip(&mut stream));
        });
    }
    wg.wait();
    start.elapsed()
}

fn net_pipe(count: usize) -> Duration {
    let (mut one, other) = pipe();
    go!(send_back(other));
    let start = Instant::now();
    (0..count).for_each(|_| round_trip(&mut one));
    start.elapsed()
}
