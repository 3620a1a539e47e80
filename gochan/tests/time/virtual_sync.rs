//! Row TM-10: what waits for others, in virtual time: groups, locks, pools, scopes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::time::Duration;

use super::virtual_programs::{Log, MINUTE, SECOND, ms};
use gochan::patterns::{generate, worker_pool};
use gochan::prelude::*;
use gochan::sync::{RwLock, Semaphore, errgroup, singleflight};
use gochan::test::wait;
use gochan::time::{now, sleep};
use gochan::{Builder, blocking, scope};

#[gochan::test(virtual_time)]
fn tm_10_an_errgroup_gives_up_at_the_deadline() {
    let start = now();
    let (parent, _cancel) = background().with_timeout(MINUTE);
    let (group, ctx) = errgroup::Group::with_context(&parent);
    for seconds in [1, 90, 200] {
        let ctx = ctx.clone();
        group.go(move || {
            select! {
                <-after(Duration::from_secs(seconds)) => Ok(()),
                <-ctx.done() => Err(format!("{seconds}: {}", ctx.err().unwrap())),
            }
        });
    }
    let error = group.wait().unwrap_err();
    assert!(error.ends_with("context deadline exceeded"), "{error}");
    assert_eq!(now() - start, MINUTE);
}

#[gochan::test(virtual_time)]
fn tm_10_an_errgroup_with_a_limit_takes_as_long_as_its_rounds() {
    let start = now();
    let group = errgroup::Group::<String>::new();
    group.set_limit(2);
    for _ in 0..5 {
        group.go(|| {
            sleep(SECOND);
            Ok(())
        });
    }
    assert_eq!(group.wait(), Ok(()));
    assert_eq!(now() - start, 3 * SECOND);
}

#[gochan::test(virtual_time)]
fn tm_10_a_semaphore_serves_in_order_and_forgets_who_gave_up() {
    let log = Log::new();
    let permits = Arc::new(Semaphore::new(2));
    permits.acquire(&background(), 2).unwrap();
    let spawn = |name: &'static str, weight: usize, patience: Duration| {
        let (permits, log) = (permits.clone(), log.clone());
        go!({
            let (ctx, _cancel) = background().with_timeout(patience);
            match permits.acquire(&ctx, weight) {
                Ok(()) => {
                    log.note(name);
                    permits.release(weight);
                }
                Err(error) => log.note(format!("{name}: {error}")),
            }
        });
        wait();
    };
    spawn("big and impatient", 2, SECOND);
    spawn("small", 1, MINUTE);
    sleep(ms(500));
    // One permit is not enough for the big one, and the small one is behind it.
    permits.release(1);
    sleep(SECOND);
    log.is(&[(SECOND, "big and impatient: context deadline exceeded"), (SECOND, "small")]);
    permits.release(1);
}

#[gochan::test(virtual_time)]
fn tm_10_locks_are_waited_for_in_virtual_time() {
    let start = now();
    let lock = Arc::new(RwLock::new(0));
    let writer = lock.write();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            go!([lock] {
                let value = *lock.read();
                sleep(SECOND);
                value
            })
        })
        .collect();
    sleep(SECOND);
    drop(writer);
    readers.into_iter().for_each(|reader| assert_eq!(reader.join().unwrap(), 0));
    // The readers have slept side by side.
    assert_eq!(now() - start, 2 * SECOND);
}

#[gochan::test(virtual_time)]
fn tm_10_one_flight_for_all_who_ask_meanwhile() {
    let group = singleflight::Group::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let ask = |delay: Duration| {
        let (group, calls) = (group.clone(), calls.clone());
        go!({
            sleep(delay);
            group.run("key", || {
                sleep(SECOND);
                calls.fetch_add(1, Relaxed)
            })
        })
    };
    let asked = [ask(ms(0)), ask(ms(999)), ask(ms(1001))];
    let answers = asked.map(|asked| asked.join().unwrap());
    assert_eq!(answers.map(|(call, _)| call), [0, 0, 1]);
    assert!(answers[1].1 && !answers[2].1);
}

#[gochan::test(virtual_time)]
fn tm_10_a_pool_of_workers_takes_turns() {
    let start = now();
    let (ctx, _cancel) = background().with_cancel();
    let jobs = generate(&ctx, 0..6_u64);
    let done: u64 = worker_pool(&ctx, 3, jobs, |job| {
        sleep(SECOND);
        job
    })
    .iter()
    .sum();
    assert_eq!(done, 15);
    assert_eq!(now() - start, 2 * SECOND);
}

#[gochan::test(virtual_time)]
fn tm_10_scopes_and_named_goroutines_are_in_the_bubble() {
    let start = now();
    let mut times = [Duration::ZERO; 3];
    scope(|s| {
        for (index, time) in times.iter_mut().enumerate() {
            s.go(move || {
                sleep(SECOND * (index as u32 + 1));
                *time = now() - start;
            });
        }
    });
    assert_eq!(times, [SECOND, 2 * SECOND, 3 * SECOND]);
    let named = Builder::new().name("named").spawn(|| sleep(SECOND));
    named.join().unwrap();
    assert_eq!(now() - start, 4 * SECOND);
    assert_eq!(blocking(|| 3), 3);
    assert_eq!(now() - start, 4 * SECOND);
}

#[gochan::test(virtual_time)]
fn tm_10_whoever_gives_up_does_so_at_its_time() {
    let start = now();
    let lock = Arc::new(RwLock::new(0));
    let mutex = Arc::new(gochan::sync::Mutex::new(0));
    let holder = go!([lock, mutex] {
        let _both = (lock.read(), mutex.lock());
        sleep(MINUTE);
    });
    wait();
    assert!(mutex.lock_timeout(SECOND).is_none());
    assert_eq!(now() - start, SECOND);
    let (ctx, _cancel) = background().with_timeout(SECOND);
    assert!(mutex.lock_ctx(&ctx).is_err());
    assert_eq!(now() - start, 2 * SECOND);
    assert!(lock.write_timeout(SECOND).is_none());
    assert_eq!(now() - start, 3 * SECOND);
    let (ctx, _cancel) = background().with_timeout(SECOND);
    assert!(lock.write_ctx(&ctx).is_err());
    assert_eq!(now() - start, 4 * SECOND);
    assert!(lock.read_timeout(SECOND).is_some());
    let wg = WaitGroup::new();
    wg.add(1);
    assert!(!wg.wait_timeout(SECOND));
    let (ctx, _cancel) = background().with_timeout(SECOND);
    assert!(wg.wait_ctx(&ctx).is_err());
    assert_eq!(now() - start, 6 * SECOND);
    let Err(holder) = holder.join_timeout(SECOND) else { panic!("it sleeps") };
    assert_eq!(now() - start, 7 * SECOND);
    select! {
        <-wg.finished() => panic!("it is not done"),
        <-after(SECOND) => wg.done(),
    }
    recv!(wg.finished());
    recv!(holder.finished());
    assert_eq!(now() - start, MINUTE);
    assert!(mutex.lock_timeout(SECOND).is_some());
    let condition = gochan::sync::Cond::new();
    let (ctx, _cancel) = background().with_timeout(SECOND);
    assert!(condition.wait_ctx(&ctx, mutex.lock()).1.is_err());
    assert_eq!(now() - start, MINUTE + SECOND);
}
