//! smol's executor with `async-channel`, its own channel.

use std::future::Future;
use std::time::Duration;

use async_executor::Executor;
use futures_lite::future;
use gochan_bench_peers::tasks::channel::AsyncChannel;
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
            }
            _ => false,
        }
    });
    finish(future::block_on(ran));
}
