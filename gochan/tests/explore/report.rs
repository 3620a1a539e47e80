//! What an exploration can be asked for from outside, and what it tells: how far it is, and of a failure the shortest run
//! that shows it. DL-08.

use gochan::prelude::*;
use gochan::sync::Mutex;
use gochan::time::sleep;
use std::fs::File;
use std::io::Read;
use std::os::fd::FromRawFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex as StdMutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::panic_of;
use crate::common::process::{Outcome, scenarios};

fn explore(runs: u32) -> gochan::__private::Test {
    gochan::__private::Test::new().explore(runs)
}

/// What `text` says between two of its words.
#[track_caller]
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {text}")).0
}

/// From how many switches to how many the failure that `text` tells of was shrunk.
#[track_caller]
fn shrunk(text: &str) -> (usize, usize) {
    let from = between(text, "shrunk from ", " switches to ").parse().unwrap();
    let to = between(text, " switches to ", "\n").parse().unwrap();
    (from, to)
}

/// Two locks are taken in different orders, after much else. One switch is enough: the first goroutine has one lock.
fn deadlock_after_much_else() {
    let (a, b) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let both = |first: &Arc<Mutex<i32>>, second: &Arc<Mutex<i32>>| {
        go!([first, second] {
            for _ in 0..12 {
                *first.lock() += 1;
            }
            let _first = first.lock();
            *second.lock() += 1;
        })
    };
    let handles = [both(&a, &b), both(&b, &a)];
    handles.into_iter().for_each(|handle| handle.join().unwrap());
}

#[test]
fn dl_08_a_failure_is_shrunk_to_the_switches_that_it_needs() {
    for seed in 1..8 {
        let text = panic_of(|| explore(1000).first_seed(seed).run(deadlock_after_much_else));
        assert!(text.contains("deadlock!") && !text.contains("went otherwise"), "{text}");
        if !text.contains("shrunk from") {
            // Nothing can be left out.
            continue;
        }
        let (from, to) = shrunk(&text);
        assert!(from > to && to == 1, "{text}");
    }
}

#[test]
fn dl_08_what_a_failure_is_shrunk_to_fails_in_the_same_way() {
    /// What the first run that fails says.
    static FIRST: StdMutex<Option<String>> = StdMutex::new(None);
    fn fail(message: &str) {
        FIRST.lock().unwrap().get_or_insert_with(|| message.to_owned());
        let message = message.to_owned();
        // As a detached goroutine, whose message is in the report.
        go!({ panic!("{message}") });
    }
    fn body() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let handles: Vec<_> = (0..3)
            .map(|i| {
                go!([log] {
                    log.lock().push(i);
                    log.lock().push(i);
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        // The second one needs no fewer switches than the first, but there are more runs that do.
        match log.lock()[..] {
            [a, b, ..] if a != b => fail("torn"),
            [a, ..] if a != 0 => fail("late"),
            _ => {}
        }
    }
    let mut seen = [0; 2];
    for seed in 1..40 {
        *FIRST.lock().unwrap() = None;
        let text = panic_of(|| explore(100).first_seed(seed).run(body));
        let first = FIRST.lock().unwrap().clone().unwrap();
        assert!(text.contains(&format!("nobody joined it: {first}")), "{first}: {text}");
        for (seen, message) in seen.iter_mut().zip(["torn", "late"]) {
            *seen += usize::from(first == message);
        }
    }
    assert!(seen.iter().all(|&seen| seen > 0), "{seen:?}");
}

#[test]
fn dl_08_jumps_of_the_clock_that_a_failure_does_not_need_are_left_out() {
    fn body() {
        let ch = chan!(u32, 1);
        for _ in 0..3 {
            go!({ sleep(Duration::from_millis(1)) });
        }
        go!([ch] { send!(ch <- 1) });
        // Comes too late if the time is up although the sender could run.
        assert!(ch.recv_timeout(Duration::from_millis(1)).is_ok() || ch.is_full(), "the time was up");
        go!({ panic!("always") });
    }
    let text = panic_of(|| explore(20).jumps(5).first_seed(3).run(body));
    assert!(text.contains("always"), "{text}");
    assert!(!text.contains("shrunk from") || shrunk(&text).1 == 0, "{text}");
}

/// Many runs fail while it is shrunk; one word of each would be too much.
fn panics_after_much_else() {
    explore(300).first_seed(1).run(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let handles: Vec<_> = (0..4)
            .map(|i| {
                go!([log] {
                    for _ in 0..4 {
                        log.lock().push(i);
                    }
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        let log = log.lock();
        assert!(!log.windows(2).any(|two| two[0] > two[1]), "{} comes late", log[0]);
    });
}

fn waits_for_what_the_first_run_has_left() {
    static LEFT: std::sync::Mutex<()> = std::sync::Mutex::new(());
    explore(300).timeout(2_000_000_000).run(|| {
        let (a, b) = (chan!(()), chan!(()));
        go!([a] { recv!(a) });
        go!([b] { recv!(b) });
        // As a thread-local or a leaked box would.
        std::mem::forget(LEFT.lock().unwrap());
        send!(a <- ());
        recv!(b);
    });
}

fn counts_its_runs() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    explore(20).run(|| _ = RUNS.fetch_add(1, SeqCst));
    print!("{} runs", RUNS.load(SeqCst));
}

/// Fails in every run where the clock jumps although somebody can run, and where that is allowed only.
fn fails_by_a_jump() {
    explore(2000).run(|| {
        let ch = chan!(u32, 1);
        go!([ch] { send!(ch <- 1) });
        let answer = ch.recv_timeout(Duration::from_secs(1000));
        go!({ assert!(answer.is_ok(), "the time was up") });
    });
}

fn takes_long() {
    explore(100_000_000).timeout(5_000_000_000).run(|| {
        let ch = chan!(u32);
        go!([ch] { send!(ch <- 1) });
        recv!(ch);
    });
}

scenarios!(
    panics_after_much_else,
    waits_for_what_the_first_run_has_left,
    counts_its_runs,
    fails_by_a_jump,
    takes_long,
);

/// The whole story, and how to have it again.
fn story(outcome: &Outcome) -> String {
    let (_, story) = outcome.stderr.split_once("seed ").expect("the seed is told");
    story.split("\nto see it again").next().unwrap().to_owned()
}

#[test]
fn dl_08_a_seed_brings_back_the_run_as_it_was_shrunk() {
    let outcome = scenario("panics_after_much_else").run();
    outcome.fails_saying(&["comes late", "shrunk from "]);
    let (from, to) = shrunk(&outcome.stderr);
    assert!(from > 3 && to <= 2, "{outcome:#?}");
    // That of the run that was found, and that of the shrunk one.
    assert_eq!(outcome.stderr.matches("panicked at").count(), 2, "{outcome:#?}");
    let seed = between(&outcome.stderr, "GOCHAN_SEED=", " ").to_owned();
    let again = scenario("panics_after_much_else").env("GOCHAN_SEED", &seed).run();
    assert_eq!(story(&again), story(&outcome));
}

#[test]
fn dl_08_a_failure_that_holds_up_the_next_run_is_told_all_the_same() {
    let outcome = scenario("waits_for_what_the_first_run_has_left").run();
    outcome.fails_saying(&[
        "deadlock!",
        "waits in chan receive at",
        "did not come to its end",
        "GOCHAN_SEED=",
    ]);
}

#[test]
fn dl_08_the_number_of_runs_can_be_set_from_outside() {
    scenario("counts_its_runs").run().prints("20 runs");
    scenario("counts_its_runs").env("GOCHAN_EXPLORE", "7").run().prints("7 runs");
    scenario("counts_its_runs").env("GOCHAN_EXPLORE", "runs=9,strategy=walk").run().prints("9 runs");
    scenario("counts_its_runs").env("GOCHAN_EXPLORE", "runs=8,for=1h").run().prints("8 runs");
}

#[test]
fn dl_08_explorations_can_be_given_time_instead() {
    let outcome = scenario("counts_its_runs").env("GOCHAN_EXPLORE", "for=500ms").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    assert!(outcome.took >= Duration::from_millis(500), "{outcome:#?}");
    let runs = outcome.stdout.strip_suffix(" runs").unwrap();
    assert!(outcome.stderr.contains(&format!("{runs} interleavings in 500ms")), "{outcome:#?}");
    // The time for runs does not count against the limit of the test.
    let outcome =
        scenario("counts_its_runs").env("GOCHAN_EXPLORE", "for=2s").env("GOCHAN_TEST_TIMEOUT", "1s").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
}

#[test]
fn dl_08_jumps_and_strategy_can_be_set_from_outside_and_belong_to_the_seed() {
    // By default the clock does not jump that far.
    assert_eq!(scenario("fails_by_a_jump").run().code(), Some(0));
    let outcome = scenario("fails_by_a_jump").env("GOCHAN_EXPLORE", "jumps=2,strategy=priorities").run();
    outcome.fails_saying(&["the time was up", "GOCHAN_EXPLORE=jumps=2,strategy=priorities GOCHAN_SEED="]);
    let seed = between(&outcome.stderr, "GOCHAN_SEED=", " ").to_owned();
    let again = scenario("fails_by_a_jump")
        .env("GOCHAN_EXPLORE", "jumps=2,strategy=priorities,runs=50")
        .env("GOCHAN_SEED", &seed)
        .run();
    assert_eq!(story(&again), story(&outcome));
    let none = scenario("fails_by_a_jump").env("GOCHAN_EXPLORE", "jumps=0").run();
    assert_eq!(none.code(), Some(0), "{none:#?}");
}

#[test]
fn dl_08_what_is_asked_for_and_makes_no_sense_is_named() {
    for (asked, problem) in [
        ("runs=many", "`many` is not a number of at least 1"),
        ("for=10", "`for` is `10`, and not a time such as 30s, 10m or 1h"),
        ("strategy=luck", "`strategy` is `luck`, and not one of walk, priorities and mixed"),
        ("depth=3", "`depth` is none of runs, for, jumps and strategy"),
    ] {
        let outcome = scenario("counts_its_runs").env("GOCHAN_EXPLORE", asked).run();
        outcome.fails_saying(&[&format!("GOCHAN_EXPLORE is `{asked}`; it must be"), problem]);
    }
}

#[test]
fn dl_08_progress_is_not_shown_where_there_is_no_terminal() {
    let outcome = scenario("takes_long").run();
    outcome.fails_saying(&["the test has not ended after 5s"]);
    assert!(!outcome.stderr.contains('\x1b') && !outcome.stderr.contains("interleavings, "), "{outcome:#?}");
}

/// A terminal: what a process writes to it, and the end to give to the process.
fn terminal() -> (File, File) {
    // SAFETY: the calls take no memory but the name's, and the descriptors are owned by nobody else.
    unsafe {
        let master = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
        assert!(
            master >= 0 && libc::grantpt(master) == 0 && libc::unlockpt(master) == 0,
            "a terminal can be had"
        );
        let mut name = [0; 128];
        assert_eq!(libc::ptsname_r(master, name.as_mut_ptr(), name.len()), 0);
        let slave = libc::open(name.as_ptr(), libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
        assert!(slave >= 0, "its other end can be opened");
        (File::from_raw_fd(master), File::from_raw_fd(slave))
    }
}

#[test]
fn dl_08_progress_is_shown_on_a_terminal_and_not_more_often_than_twice_a_second() {
    let (mut screen, keyboard) = terminal();
    let mut command = scenario("takes_long").0;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(keyboard);
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    // So that the other end is the child's alone.
    drop(command);
    let reader = thread::spawn(move || {
        let (mut seen, mut bytes) = (Vec::new(), [0; 4096]);
        // Ends with an error when the other end is closed.
        while let Ok(count @ 1..) = screen.read(&mut bytes) {
            seen.extend_from_slice(&bytes[..count]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    });
    child.wait().unwrap();
    let took = begun.elapsed();
    let seen = reader.join().unwrap();
    let lines: Vec<_> = seen.matches(" of 100000000 interleavings, ").collect();
    assert!(!lines.is_empty() && lines.len() as u128 <= took.as_millis() / 500, "{took:?}: {seen}");
    assert!(seen.contains("\x1b[Kreport::asked_scenario: "), "{seen}");
}
