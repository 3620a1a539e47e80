//! Row SE-27: what a select costs, measured as a ratio of times.
//!
//! Each measurement is the least of several, in time of the thread's own, so that what else the machine does falls
//! away; and the bounds are far above the ratios of the right algorithm and far below those of the wrong one.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::common::{until_waiting, watchdog};
use gochan::Select;
use gochan::prelude::*;

const TRIES: usize = 7;

/// How long this thread has run. A goroutine stays on its thread, so this is what it can take differences of.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a time that lives.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What `f` takes.
fn cost_of(f: impl FnOnce()) -> Duration {
    let start = cpu_time();
    f();
    cpu_time() - start
}

/// The least of several measurements.
fn least(mut measure: impl FnMut() -> Duration) -> Duration {
    (0..TRIES).map(|_| measure()).min().expect("there are some")
}

/// `cost` of one operation, given the number of arms. From 64 arms to 4096 a quadratic one would grow 64 times as
/// much as it should; four arms are cheap, whatever the fixed part is.
#[track_caller]
fn grows_linearly(what: &str, cost: impl Fn(usize) -> Duration) {
    let [few, some, many] = [4, 64, 4096].map(|arms| least(|| cost(arms)));
    println!("{what}: {few:?}, {some:?}, {many:?}");
    let some = some.max(Duration::from_micros(5));
    assert!(few <= 4 * some, "{what}: {few:?} for 4 arms, {some:?} for 64");
    assert!(many <= 10 * 64 * some, "{what}: {some:?} for 64 arms, {many:?} for 4096");
}

#[test]
fn se_27_a_select_that_finds_nothing_costs_in_proportion_to_its_arms() {
    let _watchdog = watchdog();
    grows_linearly("nothing ready", |arms| {
        let channels: Vec<Chan<u32>> = (0..arms).map(|_| chan!(u32)).collect();
        let mut select = Select::new();
        channels.iter().for_each(|ch| _ = select.recv(ch));
        cost_of(|| {
            for _ in 0..8 {
                assert!(black_box(select.try_wait()).is_none());
            }
        })
    });
}

#[test]
fn se_27_a_select_that_finds_one_ready_costs_at_most_in_proportion_to_its_arms() {
    let _watchdog = watchdog();
    grows_linearly("one ready", |arms| {
        let channels: Vec<Chan<u32>> = (0..arms).map(|_| chan!(u32)).collect();
        close!(channels[arms / 2]);
        let mut select = Select::new();
        channels.iter().for_each(|ch| _ = select.recv(ch));
        cost_of(|| {
            for _ in 0..8 {
                assert_eq!(select.wait().index(), arms / 2);
            }
        })
    });
}

#[test]
fn se_27_a_select_that_waits_and_leaves_every_queue_costs_in_proportion_to_its_arms() {
    let _watchdog = watchdog();
    grows_linearly("wait and leave", |arms| {
        let channels: Vec<Chan<u32>> = (0..arms).map(|_| chan!(u32)).collect();
        let mut select = Select::new();
        channels.iter().for_each(|ch| _ = select.recv(ch));
        cost_of(|| {
            for _ in 0..8 {
                assert!(select.wait_timeout(Duration::from_nanos(1)).is_none());
            }
        })
    });
}

#[test]
fn se_27_so_does_one_whose_arms_are_all_of_one_channel() {
    let _watchdog = watchdog();
    grows_linearly("one channel", |arms| {
        let ch = chan!(u32);
        let mut select = Select::new();
        (0..arms).for_each(|_| _ = select.recv(&ch));
        cost_of(|| {
            for _ in 0..8 {
                assert!(select.wait_timeout(Duration::from_nanos(1)).is_none());
            }
        })
    });
}

#[test]
fn se_27_putting_a_set_together_costs_in_proportion_to_its_arms() {
    let _watchdog = watchdog();
    grows_linearly("putting together", |arms| {
        let channels: Vec<Chan<u32>> = (0..arms).map(|_| chan!(u32)).collect();
        cost_of(|| {
            let mut select = Select::new();
            channels.iter().for_each(|ch| _ = select.send(ch, 1));
            drop(black_box(select));
        })
    });
}

/// So many futures that wait to receive from `ch`.
fn crowd(ch: &Chan<u32>, waiters: usize) -> Vec<Pin<Box<impl Future<Output = Option<u32>> + use<'_>>>> {
    let mut futures: Vec<_> = (0..waiters).map(|_| Box::pin(ch.recv_async())).collect();
    for future in &mut futures {
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    futures
}

#[test]
fn se_27_a_waiter_leaves_a_crowded_queue_in_constant_time() {
    let _watchdog = watchdog();
    // So many leave out of the middle of the others.
    const LEAVING: usize = 400;
    let cost = |others: usize| {
        let ch = chan!(u32);
        let (_before, leaving, _after) =
            (crowd(&ch, others / 2), crowd(&ch, LEAVING), crowd(&ch, others / 2));
        cost_of(|| drop(leaving))
    };
    let [few, many] = [10, 10_000].map(|others| least(|| cost(others)));
    // A walk along half of the queue for each of them would pass two million: milliseconds.
    println!("{few:?}, {many:?}");
    assert!(many <= 10 * few + Duration::from_micros(300), "{few:?} and {many:?}");
}

#[test]
fn se_27_a_select_leaves_crowded_queues_in_constant_time() {
    let _watchdog = watchdog();
    // Enough to make a walk along the queue stand out from all else.
    const ARMS: usize = 400;
    let cost = |others: usize| {
        let (ch, first) = (chan!(u32), chan!(u32));
        let before = crowd(&ch, others / 2);
        let selecting = go!([ch, first] {
            let mut select = Select::new();
            (0..ARMS).for_each(|_| _ = select.recv(&ch));
            select.recv(&first);
            cost_of(|| assert_eq!(select.wait().index(), ARMS))
        });
        until_waiting(&selecting);
        let after = crowd(&ch, others / 2);
        send!(first <- 1);
        let took = selecting.join().unwrap();
        drop((before, after));
        took
    };
    let [few, many] = [10, 10_000].map(|others| least(|| cost(others)));
    // A walk to the middle of the queue for each arm would pass two million waiters: milliseconds.
    println!("{few:?}, {many:?}");
    assert!(many <= 10 * few + Duration::from_micros(500), "{few:?} and {many:?}");
}

#[test]
fn se_27_a_timeout_leaves_a_crowded_queue_in_constant_time() {
    let _watchdog = watchdog();
    let cost = |others: usize| {
        let ch = chan!(u32);
        let crowd = crowd(&ch, others);
        let took = cost_of(|| {
            for _ in 0..200 {
                assert!(ch.recv_timeout(Duration::from_nanos(1)).is_err());
            }
        });
        drop(crowd);
        took
    };
    let [few, many] = [10, 10_000].map(|others| least(|| cost(others)));
    println!("{few:?}, {many:?}");
    assert!(many <= 10 * few + Duration::from_micros(500), "{few:?} and {many:?}");
}
