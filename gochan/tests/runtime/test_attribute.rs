//! `#[gochan::test]` in real time: DL-04, DL-05, and what else makes such a test fail.

use gochan::prelude::*;
use gochan::runtime::{gosched, num_goroutine};
use gochan::{Builder, JoinHandle};
use std::panic::Location;
use std::process::ExitCode;
use std::time::Duration;

use crate::common::panic_of;
use crate::common::process::scenarios;

/// A test as the attribute makes it, but called from a test, which looks at how it fails.
fn attribute() -> gochan::__private::Test {
    gochan::__private::Test::new()
}

#[gochan::test]
fn the_body_is_a_goroutine_and_its_children_run() {
    let ch = chan!(i32);
    let handles: Vec<JoinHandle<()>> = (0..100).map(|i| go!([ch] { send!(ch <- i) })).collect();
    let sum: i32 = (0..100).map(|_| recv!(ch)).sum();
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    assert_eq!(sum, 4950);
    assert!(gochan::runtime::current_id().is_some());
}

#[gochan::test]
fn num_goroutine_counts_this_test_only() {
    let ch = chan!(());
    assert_eq!(num_goroutine(), 1);
    let waiting: Vec<_> = (0..10).map(|_| go!([ch] { ch.recv() })).collect();
    assert_eq!(num_goroutine(), 11);
    close!(ch);
    waiting.into_iter().for_each(|handle| drop(handle.join()));
    while num_goroutine() > 1 {
        gosched();
    }
}

#[gochan::test]
fn a_crowd_is_woken_on_the_workers_of_the_test() {
    let ch = chan!(());
    let waiting: Vec<_> = (0..100).map(|_| go!([ch] { ch.recv() })).collect();
    while !waiting.iter().all(crate::common::is_waiting) {
        gosched();
    }
    close!(ch);
    waiting.into_iter().for_each(|handle| assert_eq!(handle.join().unwrap(), None));
}

#[gochan::test]
fn a_test_may_return_a_result() -> Result<(), std::num::ParseIntError> {
    "42".parse::<i32>().map(drop)
}

#[gochan::test]
fn a_test_may_return_an_exit_code() -> ExitCode {
    ExitCode::SUCCESS
}

#[gochan::test]
#[should_panic(expected = "the value is 7")]
fn the_panic_of_the_body_is_the_panic_of_the_test() {
    panic!("the value is {}", 7);
}

#[gochan::test]
#[should_panic(expected = "the test returned an error")]
fn an_error_fails_the_test() -> Result<(), String> {
    Err("no".to_owned())
}

#[gochan::test]
#[should_panic(expected = "goexit")]
fn goexit_fails_the_test() {
    gochan::runtime::goexit();
}

#[gochan::test]
#[ignore = "shows that a test can be ignored"]
fn ignored_tests_do_not_run() {
    unreachable!();
}

#[gochan::test(stack_size = 64 << 20)]
fn the_body_has_the_stack_it_asks_for() {
    // More than the default; unoptimised builds copy it once or twice.
    let large = std::hint::black_box([1_u8; 12 << 20]);
    assert_eq!(large.iter().map(|&byte| usize::from(byte)).sum::<usize>(), 12 << 20);
}

#[gochan::test]
fn goroutines_that_end_soon_are_not_left() {
    let ch = chan!(i32, 100);
    for i in 0..100 {
        go!([ch] {
            gochan::time::sleep(Duration::from_millis(1));
            send!(ch <- i);
        });
    }
}

fn line_of(text: &str, place: &Location<'_>) -> bool {
    text.contains(&format!("{}:{}", place.file(), place.line()))
}

#[test]
fn dl_04_a_goroutine_that_is_left_fails_the_test_with_its_name_and_places() {
    fn body() {
        let ch = chan!(i32);
        Builder::new().name("forgotten").spawn({
            let ch = ch.clone();
            move || ch.recv()
        });
        std::mem::forget(ch);
    }
    let text = panic_of(|| attribute().run(body));
    let here = Location::caller();
    assert!(text.contains("1 goroutine has leaked"), "{text}");
    assert!(text.contains("`forgotten`: waits in chan receive at"), "{text}");
    assert!(line_of(&text, here) || text.matches(here.file()).count() == 2, "{text}");
}

#[test]
fn dl_04_all_that_are_left_are_listed_also_one_that_runs() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static END: AtomicBool = AtomicBool::new(false);
    fn body() {
        let ch = Chan::<i32>::nil();
        go!([ch] ch.send(1));
        go!({
            while !END.load(Relaxed) {
                gosched();
            }
        });
    }
    let text = panic_of(|| attribute().run(body));
    END.store(true, Relaxed);
    assert!(text.contains("2 goroutines have leaked"), "{text}");
    assert!(text.contains("waits in nil channel at") && text.contains("runs, or could"), "{text}");
}

#[gochan::test(allow = ["daemon"])]
fn dl_04_an_allowed_name_may_be_left() {
    let ch = chan!(i32);
    Builder::new().name("daemon").spawn({
        let ch = ch.clone();
        move || ch.recv()
    });
    std::mem::forget(ch);
}

#[gochan::test(allow = ["runtime/test_attribute.rs"])]
fn dl_04_an_allowed_file_may_leave_goroutines() {
    go!({ Chan::<i32>::nil().recv() });
}

#[test]
fn dl_04_what_is_not_on_the_list_is_not_allowed() {
    fn body() {
        go!({ Chan::<i32>::nil().recv() });
        Builder::new().name("daemon").spawn(|| Chan::<i32>::nil().recv());
    }
    let text = panic_of(|| attribute().allow(&["daemon"]).run(body));
    assert!(text.contains("1 goroutine has leaked") && !text.contains("daemon"), "{text}");
}

#[test]
fn dl_04_other_tests_goroutines_are_not_this_ones() {
    let (stop, stopped) = (chan!(()), chan!(()));
    let other = go!([stop, stopped] {
        stop.recv();
        stopped.close();
    });
    attribute().run(|| {
        let ch = chan!(i32);
        go!([ch] { send!(ch <- 1) });
        assert_eq!(recv!(ch), 1);
    });
    stop.close();
    other.join().unwrap();
}

#[test]
fn dl_05_a_panic_in_a_detached_goroutine_fails_the_test() {
    fn body() {
        let ch = chan!(i32);
        go!([ch] {
            defer!(ch.close());
            panic!("in the background");
        });
        assert_eq!(ch.recv(), None);
    }
    let text = panic_of(|| attribute().run(body));
    assert!(text.contains("panicked and nobody joined it: in the background"), "{text}");
    assert!(text.contains("test_attribute.rs"), "{text}");
}

#[test]
fn dl_05_so_does_one_whose_handle_is_dropped_later() {
    fn body() {
        let handle = go!({ panic!("in the background") });
        while !handle.is_finished() {
            gosched();
        }
    }
    let text = panic_of(|| attribute().run(body));
    assert!(text.contains("panicked and nobody joined it: in the background"), "{text}");
}

#[gochan::test]
fn dl_05_a_panic_that_is_joined_is_the_joiners_business() {
    let handle = go!({ panic!("expected") });
    assert!(handle.join().is_err());
}

fn deadlock() {
    fn body() {
        let (a, b) = (chan!(i32), chan!(i32));
        go!([a, b] {
            a.recv();
            send!(b <- 1);
        });
        b.recv();
    }
    print!("{}", panic_of(|| attribute().run(body)));
}

scenarios!(deadlock);

#[test]
fn a_deadlock_fails_the_test_and_says_who_waits_where() {
    let outcome = scenario("deadlock").run();
    let text = &outcome.stdout;
    assert!(text.contains("all goroutines of the test are asleep - deadlock!"), "{outcome:#?}");
    assert_eq!(text.matches("waits in chan receive at").count(), 2, "{outcome:#?}");
    assert_eq!(text.matches("spawned at").count(), 2, "{outcome:#?}");
    assert!(outcome.took < Duration::from_secs(30), "{outcome:#?}");
}

#[test]
fn a_test_that_does_not_end_fails_after_its_timeout() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static END: AtomicBool = AtomicBool::new(false);
    fn body() {
        go!({ Chan::<i32>::nil().recv() });
        while !END.load(Relaxed) {
            gosched();
        }
    }
    let text = panic_of(|| attribute().timeout(50_000_000).run(body));
    END.store(true, Relaxed);
    assert!(text.contains("the test has not ended after 50ms"), "{text}");
    assert!(text.contains("runs, or could") && text.contains("nil channel"), "{text}");
}

#[gochan::test]
fn a_plain_thread_may_be_waited_for() {
    let ch = chan!(i32);
    let thread = std::thread::spawn({
        let ch = ch.clone();
        move || {
            std::thread::sleep(Duration::from_millis(100));
            ch.send(1).unwrap();
        }
    });
    assert_eq!(recv!(ch), 1);
    gochan::blocking(|| thread.join().unwrap());
}

#[gochan::test]
fn a_test_may_sleep_and_set_alarms() {
    let ch = chan!(i32);
    gochan::time::after_func(Duration::from_millis(50), {
        let ch = ch.clone();
        move || send!(ch <- 1)
    });
    assert_eq!(recv!(ch), 1);
    gochan::time::sleep(Duration::from_millis(50));
}
