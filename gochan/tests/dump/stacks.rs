//! Row DL-06: dumps and reports show the stacks of goroutines, and goroutines take no notice.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{Outcome, scenarios};
use crate::common::{on_threads, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, GoroutineInfo, gosched};
use gochan::{Builder, JoinHandle};

scenarios!(two_that_wait_for_ever, one_that_tells_of_itself, quits, nearly_full);

#[inline(never)]
pub(super) fn innermost(ch: &Chan<u32>) -> Option<u32> {
    black_box(black_box(ch).recv())
}

#[inline(never)]
pub(super) fn middle(ch: &Chan<u32>) -> Option<u32> {
    black_box(innermost(black_box(ch)).map(|n| n + 1))
}

#[inline(never)]
pub(super) fn outermost(ch: &Chan<u32>) -> Option<u32> {
    black_box(middle(black_box(ch)).map(|n| n + 1))
}

pub(super) fn of<T>(goroutine: &JoinHandle<T>) -> GoroutineInfo {
    let found = runtime::stacks().into_iter().find(|info| info.id == goroutine.id());
    found.expect("it has not ended")
}

pub(super) fn stack_of<T>(goroutine: &JoinHandle<T>) -> String {
    of(goroutine).stack.expect("it has started").to_string()
}

/// Once it has been seen: a thread or a worker without a processor does not answer in time.
pub(super) fn stack_in_time<T>(goroutine: &JoinHandle<T>) -> String {
    let mut stack = String::new();
    until(|| {
        stack = stack_of(goroutine);
        !stack.trim_start().starts_with('(')
    });
    stack
}

/// All of these are in it, in this order, on lines of their own.
#[track_caller]
pub(super) fn shows_in_order(stack: &str, functions: &[&str]) {
    let mut lines = stack.lines();
    for function in functions {
        assert!(lines.any(|line| line.contains(function)), "no {function} in its place in\n{stack}");
    }
}

#[track_caller]
pub(super) fn shows_no_runtime(stack: &str) {
    for line in stack.lines() {
        let name = line.trim_start().trim_start_matches('<');
        let of_runtime = ["gochan::", "corosensei::", "std::panicking", "__rust_try", "stack_"];
        assert!(!of_runtime.iter().any(|name_of| name.starts_with(name_of)), "{line} in\n{stack}");
    }
}

#[test]
fn dl_06_the_calls_of_a_goroutine_that_waits_are_shown() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let goroutine = go!([ch] { outermost(&ch) });
    until_waiting(&goroutine);
    let stack = stack_in_time(&goroutine);
    shows_in_order(&stack, &["stacks::innermost at ", "stacks::middle at ", "stacks::outermost at "]);
    shows_no_runtime(&stack);
    assert!(stack.lines().all(|line| line.starts_with("        ")), "{stack}");
    let first = stack.lines().next().unwrap();
    assert!(first.contains("innermost") && first.contains("tests/dump/stacks.rs:"), "{stack}");
    // The linker may have found another closure with the same code.
    assert!(stack.lines().last().unwrap().contains("{closure"), "{stack}");

    until(|| {
        let dump = runtime::dump();
        let start = format!("goroutine {} [chan receive, ", goroutine.id());
        let paragraph = dump.split("\n\n").find(|text| text.starts_with(&start)).expect("it is in the dump");
        paragraph.trim_end().ends_with(stack.trim_end())
    });
    send!(ch <- 1);
    assert_eq!(goroutine.join().unwrap(), Some(3));
}

#[test]
fn dl_06_nothing_is_shown_that_has_not_been_asked_for() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let goroutine = go!([ch] { outermost(&ch) });
    until_waiting(&goroutine);
    assert!(runtime::goroutines().iter().all(|info| info.stack.is_none()));
    send!(ch <- 1);
    goroutine.join().unwrap();
}

#[test]
fn dl_06_whatever_a_goroutine_waits_for_its_calls_are_shown() {
    #[inline(never)]
    fn selects(ch: &Chan<u32>) {
        select! {
            <-ch => {}
            <-after(Duration::from_secs(600)) => {}
        }
    }
    #[inline(never)]
    fn locks(mutex: &gochan::sync::Mutex<u32>) {
        *mutex.lock() += 1;
    }
    #[inline(never)]
    fn sleeps(ch: &Chan<u32>) {
        ch.recv_timeout(Duration::from_secs(600)).unwrap_err();
    }
    #[inline(never)]
    fn joins(goroutine: JoinHandle<()>) {
        goroutine.join().unwrap();
    }
    #[inline(never)]
    fn waits(wg: &WaitGroup) {
        wg.wait();
    }
    let _watchdog = watchdog();
    let (ch, wg, mutex) = (chan!(u32), WaitGroup::new(), Arc::new(gochan::sync::Mutex::new(0)));
    wg.add(1);
    let held = mutex.lock();
    let selecting = go!([ch] { selects(&ch) });
    until_waiting(&selecting);
    let locking = go!([mutex] { locks(&mutex) });
    let sleeping = go!([ch] { sleeps(&ch) });
    let waiting = go!([wg] { waits(&wg) });
    until_waiting(&waiting);
    let joined = waiting.id();
    let joining = go!({ joins(waiting) });
    for (goroutine, function) in
        [(&selecting, "selects"), (&locking, "locks"), (&sleeping, "sleeps"), (&joining, "joins")]
    {
        until_waiting(goroutine);
        let stack = stack_in_time(goroutine);
        assert!(stack.trim_start().starts_with("dump::stacks::"), "{stack}");
        assert!(stack.lines().next().unwrap().contains(function), "{stack}");
        shows_no_runtime(&stack);
    }
    until(|| {
        let found = runtime::stacks().into_iter().find(|info| info.id == joined).unwrap();
        found.stack.unwrap().to_string().lines().next().unwrap().contains("waits")
    });
    drop(held);
    ch.close();
    wg.done();
    for goroutine in [selecting, locking, sleeping, joining] {
        // The one with the timeout finds the channel closed.
        let _ = goroutine.join();
    }
}

#[test]
fn dl_06_a_goroutine_that_asks_sees_itself_and_its_neighbours() {
    #[inline(never)]
    fn asks() -> String {
        black_box(runtime::dump())
    }
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let neighbours: Vec<_> = (0..4).map(|_| go!([ch] { outermost(&ch) })).collect();
    neighbours.iter().for_each(until_waiting);
    let dump = go!({ asks() }).join().unwrap();
    let own = dump.split("\n\n").find(|text| text.contains("[runnable]") && text.contains("::asks at "));
    shows_no_runtime(own.unwrap_or_else(|| panic!("{dump}")).split_once('\n').unwrap().1);
    // Those on a worker without a processor may be missing.
    assert!(dump.contains("stacks::outermost at "), "{dump}");
    ch.close();
    neighbours.into_iter().for_each(|neighbour| assert_eq!(neighbour.join().unwrap(), None));
}

#[test]
fn dl_06_any_number_may_ask_at_the_same_time() {
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let waiting: Vec<_> = (0..20).map(|_| go!([ch] { outermost(&ch) })).collect();
    waiting.iter().for_each(until_waiting);
    let asking: Vec<_> = (0..8).map(|_| go!({ (0..5).map(|_| runtime::stacks().len()).max() })).collect();
    let threads: Vec<_> = (0..2).map(|_| thread::spawn(|| runtime::stacks().len())).collect();
    asking.into_iter().for_each(|one| assert!(one.join().unwrap().unwrap() >= 20));
    threads.into_iter().for_each(|one| assert!(one.join().unwrap() >= 20));
    ch.close();
    waiting.into_iter().for_each(|one| assert_eq!(one.join().unwrap(), None));
}

#[test]
fn dl_06_of_a_deep_stack_both_ends_are_shown() {
    #[inline(never)]
    fn descend(depth: u32, ch: &Chan<u32>) -> u32 {
        if depth == 0 {
            return innermost(ch).unwrap_or(0);
        }
        black_box(descend(black_box(depth - 1), ch) + 1)
    }
    #[inline(never)]
    fn begin(depth: u32, ch: &Chan<u32>) -> u32 {
        black_box(descend(depth, ch))
    }
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let deep = |depth| {
        let ch = ch.clone();
        Builder::new().stack_size(8 << 20).spawn(move || begin(depth, &ch))
    };
    let (deep, endless) = (deep(500), deep(5000));
    until_waiting(&deep);
    until_waiting(&endless);
    let stack = stack_in_time(&deep);
    shows_in_order(&stack, &["::innermost", "::descend", " more ...", "::descend", "::begin", "{closure"]);
    shows_no_runtime(&stack);
    assert!((60..200).contains(&stack.lines().count()), "{stack}");
    let stack = stack_in_time(&endless);
    shows_in_order(&stack, &["::innermost", "::descend", " more ...", "::descend", "... and more"]);
    ch.close();
    assert_eq!((deep.join().unwrap(), endless.join().unwrap()), (500, 5000));
}

/// Waits with about so many bytes left on a stack of 16 KiB, and is looked at.
fn nearly_full() {
    #[inline(never)]
    fn descend(bottom: usize, ch: &Chan<u32>) -> u32 {
        let here = black_box([0_u8; 64]);
        if here.as_ptr().addr() <= bottom {
            return ch.recv().unwrap_or(7);
        }
        black_box(descend(bottom, ch) + u32::from(here[0]))
    }
    let left: usize = std::env::var("LEFT").unwrap().parse().unwrap();
    let ch = chan!(u32);
    let goroutine = Builder::new().stack_size(16 << 10).spawn({
        let ch = ch.clone();
        move || {
            let here = 0_u8;
            // About: what is above is the runtime's.
            descend((&raw const here).addr() - (15 << 10) + left, &ch)
        }
    });
    until_waiting(&goroutine);
    println!("parked");
    println!("{}{}", stack_of(&goroutine), stack_of(&goroutine));
    println!("looked");
    ch.close();
    assert_eq!(goroutine.join().unwrap(), 7);
}

#[test]
fn dl_06_a_look_at_a_nearly_full_stack_does_not_overflow_it() {
    if on_threads() {
        return;
    }
    let (mut full, mut shown) = (0, 0);
    for left in (0..9 << 10).step_by(192) {
        let outcome = scenario("nearly_full").env("LEFT", &left.to_string()).run();
        // With less room the goroutine itself may overflow its stack, before it waits or after that.
        let (parked, looked) = (outcome.stdout.contains("parked"), outcome.stdout.contains("looked"));
        assert_eq!(parked, looked, "{left} bytes left: {outcome:#?}");
        full += usize::from(outcome.stdout.contains("there is no room left on it"));
        shown += usize::from(outcome.stdout.contains("::descend at "));
    }
    println!("{shown} shown, {full} full");
    assert!(shown > 0);
}

/// Goroutines in rings that pass tokens on. Each token is counted at each step, so one that is lost or doubled shows.
#[test]
fn dl_06_goroutines_that_are_woken_meanwhile_go_on_as_ever() {
    const RINGS: usize = 10;
    const RING: usize = 8;
    const LAPS: u64 = 400;
    let _watchdog = watchdog();
    let done = Arc::new(AtomicU64::new(0));
    let mut handles = Vec::new();
    for ring in 0..RINGS {
        let channels: Vec<Chan<u64>> = (0..RING).map(|_| chan!(u64, ring % 2)).collect();
        for place in 0..RING {
            let (from, to) = (channels[place].clone(), channels[(place + 1) % RING].clone());
            handles.push(go!([done] {
                let mut passed = 0;
                for lap in 0..LAPS {
                    let token = if ring % 3 == 0 {
                        select! {
                            token = <-from => token,
                            <-after(Duration::from_secs(600)) => unreachable!(),
                        }
                    } else {
                        recv!(from)
                    };
                    assert_eq!(token, lap * RING as u64 + place as u64);
                    passed += 1;
                    // The last token of the ring stays with its last place.
                    if lap + 1 < LAPS || place + 1 < RING {
                        to.send(token + 1).unwrap();
                    }
                    if lap % 64 == 0 {
                        gosched();
                    }
                }
                done.fetch_add(1, Relaxed);
                passed
            }));
        }
        let first = channels[0].clone();
        handles.push(go!({
            first.send(0).unwrap();
            LAPS
        }));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let look = |stop: Arc<AtomicBool>| {
        let (mut looks, mut shown) = (0, 0);
        while !stop.load(Relaxed) {
            let found = runtime::stacks();
            shown += found
                .iter()
                .filter(|info| info.stack.as_ref().is_some_and(|stack| !format!("{stack:?}").contains("(")))
                .count();
            looks += 1;
            gosched();
        }
        (looks, shown)
    };
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let stop = stop.clone();
            thread::spawn(move || look(stop))
        })
        .collect();
    let looker = go!([stop] { look(stop) });
    let passed: u64 = handles.into_iter().map(|handle| handle.join().unwrap()).sum();
    stop.store(true, Relaxed);
    assert_eq!(passed, (RINGS * (RING + 1)) as u64 * LAPS);
    assert_eq!(done.load(Relaxed), (RINGS * RING) as u64);
    for thread in threads {
        assert!(thread.join().unwrap().0 > 0);
    }
    assert!(looker.join().unwrap().0 > 0);
}

#[test]
fn dl_06_a_worker_that_does_not_come_back_is_not_waited_for() {
    if on_threads() {
        return;
    }
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let waiting = Builder::new().placement(gochan::Placement::Worker(0)).spawn({
        let ch = ch.clone();
        move || outermost(&ch)
    });
    until_waiting(&waiting);
    let (stop, computes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let computing = Builder::new().placement(gochan::Placement::Worker(0)).spawn({
        let (stop, computes) = (stop.clone(), computes.clone());
        move || {
            computes.store(true, Relaxed);
            while !stop.load(Relaxed) {}
        }
    });
    while !computes.load(Relaxed) {
        thread::yield_now();
    }
    let start = Instant::now();
    let found = runtime::stacks();
    assert!(start.elapsed() < crate::common::patience() / 4, "{:?}", start.elapsed());
    let find = |id| found.iter().find(|info| info.id == id).unwrap().stack.as_ref().unwrap().to_string();
    let (busy, runs) = (find(waiting.id()), find(computing.id()));
    assert!(busy.contains("(no stack: worker 0 is busy"), "{busy}");
    assert!(runs.contains("(runs on worker 0"), "{runs}");
    stop.store(true, Relaxed);
    computing.join().unwrap();
    shows_in_order(&stack_in_time(&waiting), &["::innermost", "::outermost"]);
    ch.close();
    waiting.join().unwrap();
}

#[test]
fn dl_06_threads_that_wait_show_their_calls_too() {
    #[inline(never)]
    fn waits_on_a_thread(ch: &Chan<u32>) -> Option<u32> {
        black_box(ch.recv())
    }
    let _watchdog = watchdog();
    let ch = chan!(u32);
    let thread = thread::Builder::new().name("patient".to_owned()).spawn({
        let ch = ch.clone();
        move || waits_on_a_thread(&ch)
    });
    until(|| {
        let dump = runtime::dump();
        let found = dump.split("\n\n").find(|text| text.starts_with("thread `patient` [chan receive, "));
        found.is_some_and(|text| text.contains("::waits_on_a_thread at "))
    });
    send!(ch <- 5);
    assert_eq!(thread.unwrap().join().unwrap(), Some(5));
}

#[test]
fn dl_06_a_dump_in_virtual_time_and_in_explorations_is_no_step() {
    #[inline(never)]
    fn body() {
        let ch = chan!(u32);
        let goroutine = go!([ch] { outermost(&ch) });
        for _ in 0..3 {
            gosched();
            let before = Instant::now();
            let found = runtime::stacks();
            assert!(before.elapsed() < crate::common::patience());
            let shown = found.iter().find(|info| info.id == goroutine.id());
            // Not yet started, or seen.
            let stack = shown.and_then(|info| info.stack.as_ref()).map(ToString::to_string);
            assert!(stack.is_none_or(|stack| stack.contains("stacks::")));
        }
        send!(ch <- 1);
        assert_eq!(goroutine.join().unwrap(), Some(3));
    }
    let _watchdog = watchdog();
    gochan::__private::Test::new().virtual_time().run(body);
    gochan::__private::Test::new().explore(30).run(body);
}

#[gochan::main]
fn two_that_wait_for_ever() {
    let ch = chan!(u32);
    let waiting = go!([ch] { outermost(&ch) });
    waiting.join().unwrap();
}

#[gochan::main]
fn one_that_tells_of_itself() {
    let ch = chan!(u32);
    let waiting = go!([ch] { outermost(&ch) });
    until_waiting(&waiting);
    println!("{}", tells());
}

#[inline(never)]
fn tells() -> String {
    black_box(runtime::dump())
}

#[test]
fn dl_06_the_level_of_stacks_can_be_chosen() {
    let run = |level: &str| scenario("one_that_tells_of_itself").env("GOCHAN_TRACEBACK", level).run();
    let told = |outcome: &Outcome, function: &str| outcome.stdout.contains(function);
    for level in ["none", "0"] {
        let none = run(level);
        assert!(!told(&none, "::tells") && !told(&none, "::outermost"), "{none:#?}");
        assert!(told(&none, "\n    waits at "), "{none:#?}");
    }
    let single = run("single");
    assert!(told(&single, "::tells") && !told(&single, "::outermost"), "{single:#?}");
    for level in ["all", "1", "system", "2"] {
        // Until the worker has a processor in time.
        let mut all = run(level);
        until(|| {
            let whole = told(&all, "::outermost");
            if !whole {
                all = run(level);
            }
            whole
        });
        assert!(told(&all, "::tells"), "{all:#?}");
        let of_runtime = all.stdout.lines().any(|line| line.starts_with("        gochan::"));
        assert_eq!(of_runtime, matches!(level, "system" | "2"), "{all:#?}");
    }
    run("some").fails_saying(&["GOCHAN_TRACEBACK", "some", "single"]);
}

#[test]
fn dl_01_the_report_of_a_deadlock_shows_the_stacks() {
    for workers in [1, 2, 4] {
        let outcome =
            scenario("two_that_wait_for_ever").workers(workers).env("GOCHAN_TRACEBACK", "all").run();
        assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
        assert!(
            outcome.stderr.starts_with("fatal error: all goroutines are asleep - deadlock!\n\n"),
            "{outcome:#?}"
        );
        shows_in_order(
            &outcome.stderr,
            &["` [chan receive, ", "waits at", "::innermost at ", "::middle at ", "::outermost at "]
                .map(|text| text.trim_start_matches('`').trim_start()),
        );
        let outcome =
            scenario("two_that_wait_for_ever").workers(workers).env("GOCHAN_TRACEBACK", "none").run();
        assert!(!outcome.stderr.contains("::innermost"), "{outcome:#?}");
    }
}

#[gochan::main]
fn quits() {
    let ch = chan!(u32);
    let waiting = go!([ch] { outermost(&ch) });
    until_waiting(&waiting);
    // SAFETY: a signal to this process, which has a handler for it.
    unsafe { libc::kill(libc::getpid(), libc::SIGQUIT) };
    gochan::time::sleep(crate::common::patience());
    waiting.join().unwrap();
}

#[test]
fn dl_06_sigquit_shows_the_stacks() {
    let outcome = scenario("quits").run();
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    assert!(outcome.stderr.starts_with("SIGQUIT: quit\n\n"), "{outcome:#?}");
    shows_in_order(&outcome.stderr, &["::innermost at ", "::middle at ", "::outermost at "]);
}
