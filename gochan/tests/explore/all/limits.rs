//! What is said when a search does not come to its end, and where it is bounded.

use super::*;

fn add_three_times_four() {
    let counter = Arc::new(AtomicU32::new(0));
    adders(&counter, 3, 4).into_iter().for_each(|adder| adder.join().unwrap());
}

#[test]
fn dl_08_a_test_that_is_not_exhausted_fails() {
    let text = panic_of(|| all().limit(100).run(add_three_times_four));
    assert!(text.contains("not exhausted: 100 interleavings pass, and there are more"), "{text}");
    assert!(text.contains("`limit = …`") && text.contains("`explore = 100`"), "{text}");
}

#[test]
fn dl_08_the_limit_may_be_reached() {
    assert_eq!(all().limit(6).cover(two_and_two).interleavings.len(), 6);
    let text = panic_of(|| all().limit(5).run(two_and_two));
    assert!(text.contains("not exhausted: 5"), "{text}");
}

fn two_and_two() {
    let counter = Arc::new(AtomicU32::new(0));
    adders(&counter, 2, 2).into_iter().for_each(|adder| adder.join().unwrap());
}

#[test]
fn dl_08_a_loop_that_polls_is_bounded() {
    let coverage = all().cover(|| {
        let flag = Arc::new(AtomicU32::new(0));
        go!([flag] {
            flag.store(1, SeqCst);
        });
        while flag.load(SeqCst) == 0 {}
    });
    assert!(coverage.is_bounded);
    assert!(coverage.to_string().contains("100 steps in a row"), "{coverage}");
}

#[test]
fn dl_08_a_loop_that_lets_others_go_on_is_not() {
    let coverage = all().cover(|| {
        let flag = Arc::new(AtomicU32::new(0));
        go!([flag] {
            flag.store(1, SeqCst);
        });
        while flag.load(SeqCst) == 0 {
            gosched();
        }
    });
    assert!(!coverage.is_bounded);
    assert!(coverage.interleavings.len() < 100, "{coverage}");
}

#[test]
fn dl_08_what_depends_on_something_else_is_told() {
    static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let text = panic_of(|| {
        all().run(|| {
            let counter = Arc::new(AtomicU32::new(0));
            // More goroutines in each run than in the one before.
            adders(&counter, RUNS.fetch_add(1, SeqCst) + 2, 1)
                .into_iter()
                .for_each(|adder| adder.join().unwrap());
        });
    });
    assert!(text.contains("depends on something besides"), "{text}");
}

#[test]
fn dl_08_many_runs_leave_nothing_behind() {
    // Each of these leaves a goroutine that may be left.
    all().allow(&["left"]).run(|| {
        let ch = chan!(u32);
        std::mem::forget(ch.clone());
        gochan::Builder::new().name("left").spawn(move || _ = ch.recv());
        let counter = Arc::new(AtomicU32::new(0));
        adders(&counter, 2, 2).into_iter().for_each(|adder| adder.join().unwrap());
    });
}

#[gochan::test(explore = "all", limit = 32)]
fn dl_08_as_an_attribute() {
    two_and_two();
}
