//! Row DL-08: what explorations leave behind, in memory.

use std::sync::Arc;

use crate::common::process::scenarios;
use crate::common::{panic_of, watchdog};
use crate::counting::in_use;
use gochan::prelude::*;
use gochan::sync::Mutex;

type Test = gochan::__private::Test;

/// Two goroutines that lock in opposite orders. Many schedules have no deadlock, and a failing one is shrunk.
fn locks() {
    let (a, b) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let both = |first: &Arc<Mutex<i32>>, second: &Arc<Mutex<i32>>| {
        go!([first, second] {
            let _first = first.lock();
            *second.lock() += 1;
        })
    };
    let handles = [both(&a, &b), both(&b, &a)];
    handles.into_iter().for_each(|handle| handle.join().unwrap());
}

fn selects() {
    let (a, b) = (chan!(i32), chan!(i32));
    select! {
        _ = <-a => {}
        _ = <-b => {}
    }
}

fn leak() {
    go!({ recv!(chan!(())) });
}

fn panic() {
    let ch = chan!(i32);
    go!([ch] { send!(ch <- 1) });
    go!([ch] { send!(ch <- 2) });
    let (one, two) = (recv!(ch), recv!(ch));
    assert!(one < two, "they came in another order");
}

/// What one time more leaves behind, in bytes, once it has been done some times.
fn growth(test: impl Fn(u64)) -> i64 {
    const TIMES: u64 = 20;
    (0..2 * TIMES).for_each(|time| test(time % TIMES));
    let mut growths: Vec<i64> = Vec::with_capacity(2 * TIMES as usize);
    for time in 0..2 * TIMES {
        let before = in_use();
        test(time % TIMES);
        growths.push(in_use() - before);
    }
    // A list of something that is free, and so reused, may double now and then.
    growths.sort_unstable();
    growths[..growths.len() - 2].iter().sum::<i64>() / growths.len() as i64
}

/// The growth by each way to run `body`, whose failure is said to be `expected`.
fn print_growths(expected: &str, body: fn()) {
    std::panic::set_hook(Box::new(|_| {}));
    let fails = |run: &dyn Fn()| {
        let text = panic_of(run);
        assert!(text.contains(expected), "{text}");
    };
    let drawn = growth(|seed| fails(&|| Test::new().explore(1000).first_seed(seed).run(body)));
    let all = growth(|_| fails(&|| Test::new().explore_all().run(body)));
    println!("{drawn} {all}");
}

scenarios!(of_locks, of_selects, of_a_leak, of_a_panic);

fn of_locks() {
    print_growths("deadlock!", locks);
}

fn of_selects() {
    print_growths("deadlock!", selects);
}

fn of_a_leak() {
    print_growths("leaked", leak);
}

fn of_a_panic() {
    print_growths("another order", panic);
}

/// In processes of their own: after an exploration others of these tests would allocate.
#[test]
fn dl_08_explorations_that_fail_do_not_make_the_heap_grow() {
    let _watchdog = watchdog();
    for name in ["of_locks", "of_selects", "of_a_leak", "of_a_panic"] {
        let outcome = scenario(name).run();
        assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
        let growths: Vec<i64> = outcome.stdout.split_whitespace().map(|one| one.parse().unwrap()).collect();
        // A worker that is not given back has some kilobytes, and what was said of a deadlock some hundred bytes.
        assert!(growths.len() == 2 && growths.iter().all(|&growth| growth < 100), "{name}: {growths:?}");
    }
}
