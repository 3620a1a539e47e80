//! Rows TM for async tasks: timers and tickers as futures and streams.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::common::{MOMENT, seeded, until, watchdog};
use futures_core::Stream;
use gochan::Select;
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::time::{Ticker, Timer};
use pollster::block_on;

const FAR: Duration = Duration::from_secs(3600);

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Woken {
    fn poll<F: Future + ?Sized>(self: &Arc<Self>, future: &mut Pin<Box<F>>) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(&Waker::from(self.clone())))
    }

    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

fn next<S: Stream>(stream: Pin<&mut S>) -> impl Future<Output = Option<S::Item>> {
    let mut stream = stream;
    std::future::poll_fn(move |context| stream.as_mut().poll_next(context))
}

#[test]
fn tm_02_a_task_gets_the_time_and_not_early() {
    let _watchdog = watchdog();
    let mut random = seeded();
    for _ in 0..20 {
        let d = Duration::from_nanos(random.u64(..10_000_000));
        let start = Instant::now();
        let time = block_on(after(d).recv_async()).unwrap();
        assert!(time >= start + d, "seed {}", random.seed);
    }
}

#[gochan::test]
fn tm_02_a_time_that_has_passed_is_ready_at_the_first_poll() {
    let channel = after(Duration::ZERO);
    let woken = Arc::new(Woken::default());
    assert!(woken.poll(&mut Box::pin(channel.recv_async())).is_ready());
    assert!(woken.poll(&mut Box::pin(channel.recv_async())).is_pending(), "once");
}

#[gochan::test]
fn tm_02_a_task_is_woken_once_its_time_has_come_and_not_before() {
    let start = Instant::now();
    let channel = after(2 * MOMENT);
    let woken = Arc::new(Woken::default());
    let mut receive = Box::pin(channel.recv_async());
    assert!(woken.poll(&mut receive).is_pending());
    until(|| woken.count() > 0);
    assert!(start.elapsed() >= 2 * MOMENT);
    assert!(woken.poll(&mut receive).is_ready());
    assert_eq!(woken.count(), 1);
}

#[gochan::test]
fn tm_02_a_poll_after_the_time_finds_it_whoever_polls() {
    let channel = after(MOMENT);
    let (first, second) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
    let mut receive = Box::pin(channel.recv_async());
    assert!(first.poll(&mut receive).is_pending());
    // From now on the second is to be woken.
    let moved = second.poll(&mut receive).is_pending();
    until(|| second.count() > 0 || !moved);
    assert!(!moved || second.poll(&mut receive).is_ready());
}

#[gochan::test]
fn tm_02_a_future_dropped_early_takes_nothing() {
    let channel = after(MOMENT);
    let woken = Arc::new(Woken::default());
    let mut receive = Box::pin(channel.recv_async());
    if woken.poll(&mut receive).is_pending() {
        drop(receive);
        assert!(channel.recv().is_some());
        assert_eq!(woken.count(), 0);
    }
}

#[gochan::test]
fn tm_03_a_stopped_timer_wakes_no_task_with_a_time() {
    let timer = Timer::new(FAR);
    let woken = Arc::new(Woken::default());
    let mut receive = Box::pin(timer.channel().recv_async());
    assert!(woken.poll(&mut receive).is_pending());
    assert!(timer.stop());
    assert!(woken.poll(&mut receive).is_pending());
    assert!(!timer.reset(Duration::ZERO));
    until(|| woken.count() > 0);
    assert!(woken.poll(&mut receive).is_ready());
}

#[test]
fn tm_04_reset_reaches_a_task_that_waits() {
    let _watchdog = watchdog();
    let timer = Timer::new(FAR);
    let channel = timer.channel().clone();
    let woken = Arc::new(Woken::default());
    let mut receive = Box::pin(channel.recv_async());
    assert!(woken.poll(&mut receive).is_pending());
    let start = Instant::now();
    assert!(timer.reset(MOMENT));
    let time = block_on(receive).unwrap();
    assert!(time >= start + MOMENT);
}

#[test]
fn tm_05_a_ticker_is_a_stream() {
    let _watchdog = watchdog();
    let start = Instant::now();
    let ticker = Ticker::new(MOMENT);
    let mut ticks = pin!(ticker.channel().stream());
    block_on(async {
        for count in 1..=4 {
            assert!(next(ticks.as_mut()).await.unwrap() >= start + count * MOMENT);
        }
    });
}

#[test]
fn tm_05_tasks_and_goroutines_share_the_ticks() {
    let _watchdog = watchdog();
    const EACH: usize = 10;
    let start = Instant::now();
    let ticker = Ticker::new(Duration::from_millis(1));
    let (channel, other) = (ticker.channel().clone(), ticker.channel().clone());
    let goroutine = go!({ channel.iter().take(EACH).max() });
    let task = std::thread::spawn(move || {
        block_on(async {
            let mut last = None;
            for _ in 0..EACH {
                last = other.recv_async().await;
            }
            last
        })
    });
    let last = goroutine.join().unwrap().max(task.join().unwrap()).unwrap();
    assert!(last >= start + 2 * EACH as u32 * Duration::from_millis(1));
}

#[test]
fn tm_07_a_select_in_a_task_waits_for_a_timer() {
    let _watchdog = watchdog();
    let start = Instant::now();
    let (soon, far, never) = (after(MOMENT), after(FAR), Chan::<u32>::new());
    let mut select = Select::new();
    let arms = (select.recv(&far), select.recv(&soon), select.recv(&never));
    let ready = block_on(select.wait_async());
    assert!(ready.recv(arms.1).unwrap() >= start + MOMENT);
    go!([never] { never.send(1) });
    assert_eq!(block_on(select.wait_async()).index(), arms.2.index());
}

#[gochan::test]
fn tm_04_what_a_dropped_select_had_taken_is_there_unless_the_timer_was_reset() {
    for reset in [false, true] {
        let timer = Timer::new(FAR);
        let woken = Arc::new(Woken::default());
        let values = Chan::with_capacity(1);
        let mut select = Select::new();
        let (time, _) = (select.recv(timer.channel()), select.recv(&values));
        assert!(woken.poll(&mut Box::pin(select.wait_async())).is_pending());
        // The dropped wait has chosen the value, which the next wait is to have; the time stays where it is.
        values.send(()).unwrap();
        timer.reset(Duration::ZERO);
        drop(select);
        assert!(values.try_recv().is_ok());
        if reset {
            timer.reset(FAR);
            assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
        } else {
            assert!(timer.channel().try_recv().is_ok());
        }
        let _ = time;
    }
}

#[gochan::test]
fn tm_08_the_longest_duration_wakes_no_task() {
    let channel = after(Duration::MAX);
    let woken = Arc::new(Woken::default());
    let mut receive = Box::pin(channel.recv_async());
    assert!(woken.poll(&mut receive).is_pending());
    gochan::time::sleep(MOMENT);
    assert!(woken.poll(&mut receive).is_pending());
    assert_eq!(woken.count(), 0);
}
