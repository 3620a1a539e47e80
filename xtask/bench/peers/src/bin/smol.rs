//! smol's executor with `async-channel`, its own channel.

use std::future::Future;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use async_executor::Executor;
use async_io::Async;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use gochan_bench_peers::tasks::channel::AsyncChannel;
use gochan_bench_peers::tasks::echo::{Sockets, run_echo};
use gochan_bench_peers::tasks::{Runtime, run_select, run_shared};
use gochan_bench_peers::{Request, finish};

static EXECUTOR: Executor<'static> = Executor::new();

struct Smol;

impl Runtime for Smol {
    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        EXECUTOR.spawn(task).detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        future::yield_now()
    }

    async fn sleep(duration: Duration) {
        async_io::Timer::after(duration).await;
    }
}

impl Sockets for Smol {
    type Listener = Async<TcpListener>;
    type Stream = Async<TcpStream>;

    async fn listen() -> (Async<TcpListener>, SocketAddr) {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
        let address = listener.get_ref().local_addr().expect("it is bound");
        (listener, address)
    }

    async fn accept(listener: &Async<TcpListener>) -> Async<TcpStream> {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.get_ref().set_nodelay(true).expect("an open socket");
        stream
    }

    async fn connect(to: SocketAddr) -> Async<TcpStream> {
        let stream = Async::<TcpStream>::connect(to).await.expect("the listener is there");
        stream.get_ref().set_nodelay(true).expect("an open socket");
        stream
    }

    async fn read(stream: &mut Async<TcpStream>, buf: &mut [u8]) -> usize {
        stream.read(buf).await.unwrap_or(0)
    }

    async fn write_all(stream: &mut Async<TcpStream>, bytes: &[u8]) {
        stream.write_all(bytes).await.expect("the other end reads");
    }
}

fn main() {
    let Request { peer, workload, procs } = Request::from_args();
    for _ in 0..procs {
        std::thread::spawn(|| future::block_on(EXECUTOR.run(future::pending::<()>())));
    }
    let ran = EXECUTOR.spawn(async move {
        match peer.as_str() {
            "smol-achan" => {
                run_shared::<Smol, AsyncChannel>(&workload).await
                    || run_select::<Smol, AsyncChannel>(&workload).await
                    || run_echo::<Smol>(&workload).await
            }
            _ => false,
        }
    });
    finish(future::block_on(ran));
}
