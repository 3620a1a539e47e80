//! Futures of tokio, in goroutines.

use crate::common::process::scenarios;
use crate::common::{panic_of, until_waiting};
use gochan::prelude::*;
use gochan::tokio::{block_on, runtime, set_runtime};
use gochan::{blocking, time};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

scenarios!(twenty_slow_calls, a_given_runtime, a_wait_inside_of_a_poll);

const SLOW: Duration = Duration::from_millis(100);

/// A server, on threads of its own, that answers each connection late.
fn slow_server() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let (mut stream, mut question) = (stream.unwrap(), [0; 4]);
                stream.read_exact(&mut question).unwrap();
                thread::sleep(SLOW);
                stream.write_all(&question).unwrap();
            });
        }
    });
    address
}

async fn ask(address: SocketAddr, question: &[u8; 4]) -> [u8; 4] {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(question).await.unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

/// On one worker: one that was blocked could do nothing else.
#[gochan::main]
fn twenty_slow_calls() {
    let address = slow_server();
    let ticks = Arc::new(AtomicUsize::new(0));
    let (ctx, cancel) = background().with_cancel();
    go!([ctx, ticks] {
        let ticker = time::Ticker::new(Duration::from_millis(5));
        loop {
            select! {
                _ = <-ticker.channel() => {
                    ticks.fetch_add(1, SeqCst);
                }
                <-ctx.done() => break,
            }
        }
    });
    let start = Instant::now();
    let calls: Vec<_> = (0..20).map(|_| go!({ block_on(ask(address, b"ping")) })).collect();
    calls.into_iter().for_each(|call| assert_eq!(&call.join().unwrap(), b"ping"));
    let (took, ticked) = (start.elapsed(), ticks.load(SeqCst));
    cancel.cancel();
    eprintln!("20 calls of {SLOW:?} took {took:?}, with {ticked} ticks of 5 ms");
    assert!(took < 5 * SLOW, "{took:?}");
    assert!(ticked >= 8, "{ticked} ticks");
    println!("done");
}

#[test]
fn io_12_twenty_calls_of_tokio_wait_at_once_while_a_ticker_ticks() {
    let outcome = scenario("twenty_slow_calls").workers(1).run();
    println!("{}", outcome.stderr);
    outcome.prints("done\n");
}

#[gochan::test]
fn io_12_timers_of_tokio_work_in_goroutines() {
    let late = Duration::from_secs(3600);
    let timeout =
        go!({ block_on(async { tokio::time::timeout(SLOW / 10, tokio::time::sleep(late)).await }) });
    assert!(timeout.join().unwrap().is_err());
}

#[gochan::test]
fn io_12_tasks_run_beside_goroutines() {
    let ch = chan!(u32);
    let sent = block_on(async {
        let sender = ch.sender();
        let task = tokio::spawn(async move { sender.send_async(5).await.is_ok() });
        assert_eq!(ch.recv_async().await, Some(5));
        task.await.unwrap()
    });
    assert!(sent);
    let task = runtime().spawn(async { 6 });
    assert_eq!(block_on(task).unwrap(), 6);
}

#[gochan::test]
fn io_12_a_parked_goroutine_leaves_no_context_behind() {
    // In virtual time all would share one worker; in real time they do if there is one.
    let ch = chan!(());
    let waiters: Vec<_> = (0..8).map(|_| go!([ch] { block_on(ch.recv_async()) })).collect();
    waiters.iter().for_each(until_waiting);
    let outside: Vec<_> = (0..8).map(|_| go!({ Handle::try_current().is_err() })).collect();
    assert!(outside.into_iter().all(|outside| outside.join().unwrap()));
    assert!(Handle::try_current().is_err());
    close!(ch);
    // Not in the order of their begin.
    waiters.into_iter().rev().for_each(|waiter| assert_eq!(waiter.join().unwrap(), None));
    assert!(block_on(async { Handle::try_current().is_ok() }));
}

#[gochan::test(virtual_time)]
fn io_12_contexts_of_one_worker_do_not_mix() {
    let (first, second) = (chan!(u32), chan!(u32));
    let waiters = [first.clone(), second.clone()].map(|ch| {
        go!({
            block_on(async {
                let one = ch.recv_async().await;
                assert!(Handle::try_current().is_ok());
                (one, ch.recv_async().await)
            })
        })
    });
    for ch in [&first, &second, &first, &second] {
        send!(ch <- 1);
        assert!(Handle::try_current().is_err());
    }
    waiters.into_iter().for_each(|waiter| assert_eq!(waiter.join().unwrap(), (Some(1), Some(1))));
}

#[gochan::test]
fn io_12_the_future_is_dropped_in_the_context() {
    struct Asks(Arc<AtomicBool>);
    impl Drop for Asks {
        fn drop(&mut self) {
            self.0.store(Handle::try_current().is_ok(), SeqCst);
        }
    }
    for panics in [false, true] {
        let was_inside = Arc::new(AtomicBool::new(false));
        let asks = Asks(was_inside.clone());
        let wait = || {
            block_on(async {
                let _asks = asks;
                tokio::task::yield_now().await;
                assert!(!panics, "no luck");
            });
        };
        if panics {
            assert_eq!(panic_of(wait), "no luck");
        } else {
            wait();
        }
        assert!(was_inside.load(SeqCst));
        assert!(Handle::try_current().is_err());
    }
}

#[test]
fn io_12_a_plain_thread_uses_the_context_too() {
    block_on(async { tokio::time::sleep(SLOW / 20).await });
    // A thread that has a context keeps it.
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _guard = other.enter();
    assert_eq!(block_on(async { Handle::current().id() }), runtime().id());
    assert_eq!(Handle::current().id(), other.handle().id());
}

#[gochan::main]
fn a_given_runtime() {
    let own = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    set_runtime(own.handle().clone()).unwrap();
    assert_eq!(block_on(async { Handle::current().id() }), own.handle().id());
    println!("{}", set_runtime(own.handle().clone()).unwrap_err());
    // It may be shut down once nothing waits for it.
    blocking(|| drop(own));
}

#[test]
fn io_12_a_program_gives_its_own_runtime() {
    scenario("a_given_runtime")
        .run()
        .prints("gochan::tokio has a runtime already; set yours before the first use, once\n");
}

#[gochan::main]
fn a_wait_inside_of_a_poll() {
    let ch = chan!(());
    go!([ch] {
        time::sleep(SLOW / 20);
        ch.close();
    });
    block_on(async { ch.recv() });
}

#[test]
#[cfg(all(debug_assertions, target_os = "linux"))]
fn io_12_a_wait_inside_of_a_poll_is_found() {
    let outcome = scenario("a_wait_inside_of_a_poll").backend("coroutines").run();
    outcome.fails_saying(&["inside a poll of `gochan::tokio::block_on`", "recv_async", file!()]);
}
