//! tokio: `tokio-CHANNEL` on the multi-thread runtime, `tokioct-CHANNEL` on the single-thread one.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gochan_bench_peers::tasks::channel::{AsyncChannel, Flume, Kanal, Mpsc};
use gochan_bench_peers::tasks::echo::{Sockets, run_echo};
use gochan_bench_peers::tasks::{Runtime, mem, run, run_select, run_shared};
use gochan_bench_peers::{Request, finish};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

struct Tokio;

impl Runtime for Tokio {
    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(duration)
    }
}

impl Sockets for Tokio {
    type Listener = TcpListener;
    type Stream = TcpStream;

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        (listener, address)
    }

    async fn accept(listener: &TcpListener) -> TcpStream {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("an open socket");
        stream
    }

    async fn connect(to: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(to).await.expect("the listener is there");
        stream.set_nodelay(true).expect("an open socket");
        stream
    }

    async fn read(stream: &mut TcpStream, buf: &mut [u8]) -> usize {
        stream.read(buf).await.unwrap_or(0)
    }

    async fn write_all(stream: &mut TcpStream, bytes: &[u8]) {
        stream.write_all(bytes).await.expect("the other end reads");
    }
}

fn main() {
    let Request { peer, workload, procs } = Request::from_args();
    let (flavour, channel) = peer.split_once('-').expect("a peer is RUNTIME-CHANNEL");
    let mut builder = match flavour {
        "tokio" => Builder::new_multi_thread(),
        "tokioct" => Builder::new_current_thread(),
        _ => finish(false),
    };
    let runtime = builder.worker_threads(procs).enable_all().build().expect("a runtime");
    let channel = channel.to_owned();
    // As a task of its own: what `block_on` itself runs is on a thread beside the workers.
    let ran = runtime.block_on(async move { tokio::spawn(select(channel, workload)).await });
    finish(ran.expect("no task panics"));
}

async fn select(channel: String, workload: String) -> bool {
    match channel.as_str() {
        "kanal" => run_shared::<Tokio, Kanal>(&workload).await,
        "flume" => run_shared::<Tokio, Flume>(&workload).await || run_select::<Tokio, Flume>(&workload).await,
        "achan" => {
            run_shared::<Tokio, AsyncChannel>(&workload).await
                || run_select::<Tokio, AsyncChannel>(&workload).await
        }
        "mpsc" => {
            run::<Tokio, Mpsc>(&workload).await
                || run_select::<Tokio, Mpsc>(&workload).await
                || mem_watch(&workload).await
                || run_echo::<Tokio>(&workload).await
        }
        _ => false,
    }
}

/// `mem*` for tokio alone: its mpsc has one receiver, so the tasks wait on a `watch`.
async fn mem_watch(workload: &str) -> bool {
    let count = match workload {
        "mem10k" => 10_000,
        "mem100k" => 100_000,
        "mem1m" => 1_000_000,
        _ => return false,
    };
    mem::<Tokio, _, _>(count, tokio::sync::watch::channel(()), |(_, rx), started, group| {
        let mut rx = rx.clone();
        async move {
            started.fetch_add(1, Ordering::Relaxed);
            let _ = rx.changed().await;
            group.done();
        }
    })
    .await;
    true
}
