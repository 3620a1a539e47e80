//! The patterns: what goes in comes out, and nothing is left behind, whichever way they end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use gochan::JoinHandle;
use gochan::patterns::{Observer, broadcast, generate, merge, or_done, pipeline, tee, watch, worker_pool};
use gochan::prelude::*;
use gochan::runtime::{gosched, num_goroutine};

/// Returns once this goroutine is the only one of its test; the test's timeout tells if that never comes.
fn until_alone() {
    while num_goroutine() > 1 {
        gosched();
    }
}

/// Takes everything, in a goroutine of its own.
fn all_of<T: Send + 'static>(values: Receiver<T>) -> JoinHandle<Vec<T>> {
    go!({ values.iter().collect() })
}

#[gochan::test(timeout = "30s")]
fn merge_loses_nothing_and_keeps_the_order_of_each_input() {
    let ctx = background();
    let inputs = (0..10).map(|input| generate(&ctx, (0..100).map(move |number| (input, number))));
    let mut last = [-1; 10];
    let mut count = 0;
    for (input, number) in merge(&ctx, inputs) {
        assert_eq!(number, last[input] + 1);
        last[input] = number;
        count += 1;
    }
    assert_eq!(count, 1000);
    assert_eq!(merge::<u32>(&ctx, []).recv(), None);
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn a_pool_does_every_job_once_with_all_its_workers() {
    let ctx = background();
    let at_once = Arc::new(AtomicUsize::new(0));
    let meet = chan!(());
    let results = worker_pool(&ctx, 8, generate(&ctx, 0..1000_u32), {
        let (at_once, meet) = (at_once.clone(), meet.clone());
        move |job| {
            // The first eight jobs wait for each other: each needs a worker of its own.
            if job < 8 {
                if at_once.fetch_add(1, SeqCst) == 7 {
                    meet.close();
                }
                meet.recv();
            }
            job * 2
        }
    });
    let results: BTreeSet<u32> = results.iter().collect();
    assert!(results.iter().copied().eq((0..1000).map(|job| job * 2)), "{results:?}");
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn a_pipeline_of_single_stages_keeps_the_order() {
    let ctx = background();
    let output =
        pipeline(&ctx, generate(&ctx, 0..500_u64)).then(|n| n + 1).then(|n| n * n).then(|n| n.to_string());
    assert!(output.output().iter().eq((1..=500_u64).map(|n| (n * n).to_string())));
    let parallel =
        pipeline(&ctx, generate(&ctx, 0..500_u64)).then_parallel(5, |n| n + 1).then_parallel(3, |n| n * 2);
    let parallel: BTreeSet<u64> = parallel.output().iter().collect();
    assert!(parallel.into_iter().eq((1..=500).map(|n| n * 2)));
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn every_output_of_a_broadcast_gets_everything_in_order() {
    let ctx = background();
    let outputs: Vec<_> = broadcast(&ctx, generate(&ctx, 0..300), 5).into_iter().map(all_of).collect();
    assert!(outputs.into_iter().all(|output| output.join().unwrap().into_iter().eq(0..300)));
    let (left, right) = tee(&ctx, generate(&ctx, 0..300));
    let left = all_of(left);
    assert!(right.iter().eq(0..300) && left.join().unwrap().into_iter().eq(0..300));
    assert!(broadcast(&ctx, generate(&ctx, 0..300), 0).is_empty());
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn who_drops_an_output_of_a_broadcast_holds_nobody_up() {
    let ctx = background();
    let mut outputs = broadcast(&ctx, generate(&ctx, 0..100), 3);
    drop(outputs.remove(1));
    let last = outputs.pop().unwrap();
    let leaver = go!({ last.iter().take(10).count() });
    let stayer = all_of(outputs.pop().unwrap());
    assert_eq!(leaver.join().unwrap(), 10);
    assert!(stayer.join().unwrap().into_iter().eq(0..100));
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn a_broadcast_serves_first_who_is_there_first() {
    let ctx = background();
    let mut outputs = broadcast(&ctx, generate(&ctx, [1]), 2);
    // The first output is not received from before the second has got its value.
    assert_eq!(outputs.pop().unwrap().recv(), Some(1));
    assert_eq!(outputs.pop().unwrap().recv(), Some(1));
    until_alone();
}

// A test of `gochan::test` would fail for the panic.
#[test]
fn a_panic_ends_its_worker_and_with_the_last_one_the_pool() {
    let ctx = background();
    let (jobs, queue) = chan!(u32).split();
    let results = worker_pool(&ctx, 1, queue, |job| {
        assert!(job != 3, "on purpose");
        job
    });
    let sender = go!({ (0..).take_while(|&job| jobs.send(job).is_ok()).count() });
    assert_eq!(results.iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(sender.join().unwrap(), 4);
}

/// Every pattern at once, over inputs that never close.
fn endless(ctx: &Context) -> (Receiver<u64>, Vec<Receiver<u64>>) {
    let never = chan!(u64);
    let numbers = merge(ctx, [generate(ctx, 0..), or_done(ctx, never.receiver()), never.receiver()]);
    let (left, right) = tee(ctx, numbers);
    let squares =
        pipeline(ctx, worker_pool(ctx, 3, left, |n| n)).then(|n| n * n).then_parallel(2, |n| n).output();
    let outputs = broadcast(ctx, right, 3);
    // The handle that would keep `never` open stays with a goroutine until the end.
    let done = ctx.clone();
    go!({
        done.done().recv();
        drop(never);
    });
    (squares, outputs)
}

#[gochan::test(timeout = "30s")]
fn the_end_of_the_context_ends_all_of_them_before_the_first_value() {
    let (ctx, cancel) = background().with_cancel();
    let _kept = endless(&ctx);
    cancel.cancel();
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn the_end_of_the_context_ends_all_of_them_in_the_middle() {
    let (ctx, cancel) = background().with_cancel();
    let (squares, outputs) = endless(&ctx);
    let outputs: Vec<_> = outputs.into_iter().map(all_of).collect();
    assert_eq!(squares.iter().take(100).count(), 100);
    cancel.cancel();
    assert_eq!(or_done(&background(), squares).iter().filter(|n| n % 2 > 1).count(), 0);
    outputs.into_iter().for_each(|output| drop(output.join()));
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn a_context_that_has_ended_lets_nothing_through() {
    let (ctx, cancel) = background().with_cancel();
    cancel.cancel();
    let source = generate(&background(), 0..3);
    assert_eq!(or_done(&ctx, source.clone()).recv(), None);
    assert_eq!(merge(&ctx, [source.clone()]).recv(), None);
    assert_eq!(worker_pool(&ctx, 2, source.clone(), |n| n).recv(), None);
    assert_eq!(tee(&ctx, source.clone()).1.recv(), None);
    assert_eq!(generate(&ctx, 0..3).recv(), None);
    assert!(source.iter().eq(0..3), "nothing has been taken");
    until_alone();
}

#[gochan::test(timeout = "60s")]
fn what_comes_after_the_end_of_the_context_is_not_begun() {
    for round in 0..1_000_u32 {
        let (ctx, cancel) = background().with_cancel();
        let jobs = chan!(bool, 4);
        let late = Arc::new(AtomicUsize::new(0));
        let results = worker_pool(&ctx, 2, jobs.receiver(), {
            let late = late.clone();
            move |is_late| late.fetch_add(usize::from(is_late), SeqCst)
        });
        let all = all_of(results);
        (0..round % 4).for_each(|_| send!(jobs <- false));
        cancel.cancel();
        (0..4).for_each(|_| _ = jobs.try_send(true));
        all.join().unwrap();
        assert_eq!(late.load(SeqCst), 0, "round {round}");
    }
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn dropping_the_last_output_ends_all_that_feed_it() {
    let ctx = background();
    let squares = pipeline(&ctx, merge(&ctx, [generate(&ctx, 0_u64..), generate(&ctx, 0..)]))
        .then_parallel(3, |n| n)
        .then(|n| n.wrapping_mul(n))
        .output();
    let (left, right) = tee(&ctx, or_done(&ctx, squares));
    let taken = go!({ left.iter().take(50).count() });
    assert_eq!(right.iter().take(50).count(), 50);
    assert_eq!(taken.join().unwrap(), 50);
    drop(right);
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn observers_see_the_last_value_and_the_end() {
    let (publisher, mut observer) = watch(0);
    assert!(!observer.changed().is_closed());
    let mut others = [observer.clone(), publisher.observer()];
    assert_eq!(others[1].next(), Some(0), "new to this one");
    assert_eq!(publisher.set(1), 0);
    assert_eq!(publisher.clone().set(2), 1);
    recv!(observer.changed());
    assert_eq!((observer.peek(), observer.next()), (2, Some(2)));
    assert_eq!(others.each_mut().map(Observer::get), [2, 2]);
    let waiting = go!({ observer.next() });
    publisher.update(|value| *value += 1);
    assert_eq!(waiting.join().unwrap(), Some(3));
    let [mut other, mut ending] = others;
    let ending = go!({ (ending.next(), ending.next()) });
    drop(publisher);
    assert_eq!(ending.join().unwrap(), (Some(3), None));
    assert!(other.changed().is_closed());
    assert_eq!((other.next(), other.next(), other.get()), (Some(3), None, 3));
    until_alone();
}

#[gochan::test(timeout = "30s")]
fn no_change_is_missed_by_all_who_wait() {
    let (publisher, observer) = watch(0);
    let observers: Vec<_> = (0..4)
        .map(|_| {
            go!([observer] {
                let mut last = 0;
                for value in observer {
                    assert!(value > last);
                    last = value;
                }
                last
            })
        })
        .collect();
    for value in 1..=1000 {
        publisher.set(value);
        if value % 10 == 0 {
            gosched();
        }
    }
    drop(publisher);
    observers.into_iter().for_each(|observer| assert_eq!(observer.join().unwrap(), 1000));
}
