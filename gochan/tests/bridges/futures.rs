//! Futures of goroutines, contexts and channels, for any executor.

use crate::common::{Ledger, message, until, until_waiting, watchdog};
use futures_core::Stream;
use futures_core::stream::FusedStream;
use gochan::chan::RecvStream;
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::{JoinFuture, JoinHandle, block_on, runtime};
use static_assertions::assert_impl_all;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

assert_impl_all!(JoinFuture<u32>: Send, Sync, Unpin);

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn poll<F: Future + Unpin>(future: &mut F, woken: &Arc<Woken>) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Task::from_waker(&Waker::from(woken.clone())))
}

#[gochan::test]
fn go_22_a_handle_is_awaited() {
    assert_eq!(block_on(go!({ 6 * 7 })).unwrap(), 42);
    let failed = go!({ panic!("no luck") });
    assert_eq!(message(&*block_on(async { failed.await.unwrap_err() })), "no luck");
    let left = go!({ runtime::goexit() });
    assert!(block_on(left).unwrap_err().is::<runtime::Goexit>());
}

#[gochan::test]
fn go_22_the_end_wakes_the_waker_of_the_last_poll() {
    let gate = chan!(());
    let mut future = go!([gate] gate.recv()).into_future();
    let [first, last] = [(); 2].map(|()| Arc::<Woken>::default());
    assert!(poll(&mut future, &first).is_pending());
    assert!(poll(&mut future, &last).is_pending());
    close!(gate);
    until(|| last.0.load(SeqCst) == 1);
    assert_eq!(first.0.load(SeqCst), 0);
    assert!(matches!(poll(&mut future, &last), Poll::Ready(Ok(None))));
}

#[gochan::test]
fn go_22_a_dropped_future_detaches_and_leaks_nothing() {
    let ledger = Ledger::default();
    for polls in 0..2 {
        let gate = chan!(());
        let mut future = go!([gate, ledger] {
            gate.recv();
            ledger.value(1)
        })
        .into_future();
        let woken = Arc::<Woken>::default();
        (0..polls).for_each(|_| assert!(poll(&mut future, &woken).is_pending()));
        drop(future);
        assert_eq!(Arc::strong_count(&woken), 1);
        close!(gate);
        until(|| ledger.dropped() == ledger.made() && ledger.made() == polls + 1);
        assert_eq!(woken.0.load(SeqCst), 0);
    }
}

#[test]
fn go_22_futures_are_dropped_while_their_goroutines_end() {
    let _watchdog = watchdog();
    let ledger = Ledger::default();
    for _ in 0..500 {
        let gate = chan!(());
        let mut future = go!([gate, ledger] {
            gate.recv();
            ledger.value(1)
        })
        .into_future();
        let woken = Arc::<Woken>::default();
        assert!(poll(&mut future, &woken).is_pending());
        let thread = thread::spawn(move || drop(future));
        close!(gate);
        thread.join().unwrap();
    }
    until(|| ledger.dropped() == 500);
}

#[gochan::test(explore = "all")]
fn go_22_every_interleaving_of_an_end_and_its_future() {
    let goroutine = go!({ 1 });
    assert_eq!(block_on(goroutine).unwrap(), 1);
}

#[gochan::test(virtual_time)]
fn cx_02_the_end_of_a_context_is_awaited() {
    let (ctx, cancel) = background().with_cancel();
    let waiting = go!([ctx] { block_on(ctx.cancelled()) });
    until_waiting(&waiting);
    cancel.cancel();
    assert_eq!(waiting.join().unwrap(), ContextError::Canceled);
    let (ctx, _cancel) = background().with_timeout(Duration::from_secs(600));
    assert_eq!(block_on(ctx.cancelled()), ContextError::DeadlineExceeded);
    assert_eq!(block_on(ctx.cancelled()), ContextError::DeadlineExceeded);
}

#[gochan::test]
fn ch_23_a_stream_says_when_it_has_ended() {
    let ch = chan!(u32, 1);
    let mut stream = ch.stream();
    let next =
        |stream: &mut RecvStream<u32>| block_on(poll_fn(|task| Pin::new(&mut *stream).poll_next(task)));
    send!(ch <- 1);
    close!(ch);
    assert!(!stream.is_terminated());
    assert_eq!(next(&mut stream), Some(1));
    assert!(!stream.is_terminated());
    assert_eq!(next(&mut stream), None);
    assert!(stream.is_terminated());
    assert_eq!(next(&mut stream), None);
}

fn _is_awaited(handle: JoinHandle<String>) -> impl Future<Output = thread::Result<String>> + Send {
    handle.into_future()
}

#[cfg(feature = "futures-sink")]
mod sinks {
    use super::*;
    use futures_sink::Sink;
    use gochan::chan::{SendError, SendSink};

    fn ready(sink: &mut SendSink<u32>) -> Result<(), SendError<u32>> {
        block_on(poll_fn(|task| Pin::new(&mut *sink).poll_ready(task)))
    }

    fn send(sink: &mut SendSink<u32>, value: u32) -> Result<(), SendError<u32>> {
        ready(sink)?;
        Pin::new(sink).start_send(value)
    }

    fn flush(sink: &mut SendSink<u32>) -> Result<(), SendError<u32>> {
        block_on(poll_fn(|task| Pin::new(&mut *sink).poll_flush(task)))
    }

    fn close(sink: &mut SendSink<u32>) -> Result<(), SendError<u32>> {
        block_on(poll_fn(|task| Pin::new(&mut *sink).poll_close(task)))
    }

    #[gochan::test]
    fn ch_23_a_sink_sends_in_order_and_waits_for_room() {
        for capacity in [0, 1, 3] {
            let (sender, receiver) = Chan::with_capacity(capacity).split();
            let sending = go!({
                let mut sink = sender.sink();
                drop(sender);
                for value in 0..10 {
                    send(&mut sink, value).unwrap();
                }
                flush(&mut sink).unwrap();
                close(&mut sink).unwrap();
                Pin::new(&mut sink).start_send(10).unwrap_err()
            });
            assert_eq!(receiver.iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
            assert_eq!(sending.join().unwrap(), SendError(10));
        }
    }

    #[gochan::test]
    fn ch_23_a_sink_gives_values_back_and_loses_only_its_own() {
        let ch = chan!(u32);
        let mut sink = ch.sink();
        send(&mut sink, 1).unwrap();
        let waits = Pin::new(&mut sink).poll_ready(&mut Task::from_waker(Waker::noop()));
        assert!(waits.is_pending());
        close!(ch);
        assert_eq!(ready(&mut sink), Err(SendError(1)));
        assert_eq!(send(&mut sink, 2), Err(SendError(2)));
        let ch = chan!(u32);
        let mut sink = ch.sink();
        send(&mut sink, 3).unwrap();
        drop(sink);
        assert!(ch.try_recv().is_err());
    }
}
