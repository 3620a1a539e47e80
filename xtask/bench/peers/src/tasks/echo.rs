//! Round trips over TCP connections: both ends are tasks of this process.

use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Runtime, WaitGroup};
use crate::measure::{ECHOED, ROOM, nanos_each, next_count, raise_descriptor_limit, report};

/// The sockets of a runtime. They send at once (`TCP_NODELAY`); what fails panics.
pub trait Sockets: Runtime {
    type Listener: Send + 'static;
    type Stream: Send + 'static;

    fn listen() -> impl Future<Output = (Self::Listener, SocketAddr)> + Send;
    fn accept(listener: &Self::Listener) -> impl Future<Output = Self::Stream> + Send;
    fn connect(to: SocketAddr) -> impl Future<Output = Self::Stream> + Send;
    /// 0 at the end, and after an error.
    fn read(stream: &mut Self::Stream, buf: &mut [u8]) -> impl Future<Output = usize> + Send;
    fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> impl Future<Output = ()> + Send;
}

/// `echo50` and `echo1000`.
pub async fn run_echo<S: Sockets>(workload: &str) -> bool {
    let (connections, mut count) = match workload {
        "echo50" => (50, 5_000),
        "echo1000" => (1000, 20_000),
        _ => return false,
    };
    raise_descriptor_limit();
    loop {
        let took = echo::<S>(count, connections).await;
        match next_count(count, took) {
            Some(more) => count = more,
            None => {
                report("ns", nanos_each(took, count));
                return true;
            }
        }
    }
}

async fn echo<S: Sockets>(count: usize, connections: usize) -> Duration {
    let (listener, address) = S::listen().await;
    S::spawn(async move {
        for _ in 0..connections {
            let mut stream = S::accept(&listener).await;
            S::spawn(async move {
                let mut buf = [0; ROOM];
                loop {
                    match S::read(&mut stream, &mut buf).await {
                        0 => break,
                        read => S::write_all(&mut stream, &buf[..read]).await,
                    }
                }
            });
        }
    });
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(S::connect(address).await);
    }
    let group = WaitGroup::new(connections);
    let each = count / connections + 1;
    let start = Instant::now();
    for mut stream in streams {
        let group = group.clone();
        S::spawn(async move {
            let mut buf = [1; ROOM];
            for _ in 0..each {
                S::write_all(&mut stream, &buf[..ECHOED]).await;
                let mut read = 0;
                while read < ECHOED {
                    match S::read(&mut stream, &mut buf[read..]).await {
                        0 => panic!("the other end answers"),
                        more => read += more,
                    }
                }
            }
            group.done();
        });
    }
    group.wait().await;
    start.elapsed()
}
