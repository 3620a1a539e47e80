//! A failure is told step by step, and what it prints brings it back; so does what a pass prints.

use super::*;

pub(super) fn racy() {
    all().run(|| {
        let results = chan!(u32, 2);
        for value in 1..=2 {
            go!([results] {
                send!(results <- value);
            });
        }
        assert_eq!(recv!(results), 1, "2 came before 1");
        recv!(results);
    });
}

pub(super) fn right() {
    all().run(|| {
        let counter = Arc::new(AtomicU32::new(0));
        adders(&counter, 2, 2).into_iter().for_each(|adder| adder.join().unwrap());
    });
}

pub(super) fn drawn() {
    gochan::__private::Test::new().explore(100).run(|| {
        let counter = Arc::new(AtomicU32::new(0));
        adders(&counter, 2, 2).into_iter().for_each(|adder| adder.join().unwrap());
    });
}

/// The choices and the story that a failed search has printed.
fn told(outcome: &Outcome) -> (String, String) {
    let (_, after) = outcome.stderr.split_once("GOCHAN_SEED=").expect("the choices are printed");
    let choices = after.split_whitespace().next().expect("a word").to_owned();
    let (_, story) = outcome.stderr.split_once("in this order:\n").expect("the story is told");
    (choices, story.split("to see it again").next().expect("before the end").to_owned())
}

#[test]
fn dl_08_a_failure_is_told_and_comes_again() {
    let outcome = scenario("racy").run();
    outcome.fails_saying(&["2 came before 1", "that pass"]);
    let (choices, story) = told(&outcome);
    for step in ["begins", "go at", "send at", "starts goroutine 2\n", "ends"] {
        assert!(story.contains(step), "no {step:?} in {story}");
    }
    let again = scenario("racy").env("GOCHAN_SEED", &choices).run();
    again.fails_saying(&["2 came before 1", "the first interleaving"]);
    assert_eq!(told(&again).1, story);
    scenario("racy")
        .env("GOCHAN_SEED", "17")
        .run()
        .fails_saying(&["GOCHAN_SEED is `17`", "begins with `all-`"]);
}

#[test]
fn dl_08_a_pass_says_how_many_there_are() {
    let outcome = scenario("right").run();
    assert_eq!(outcome.code(), Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("all 6 interleavings pass (of at most "), "{}", outcome.stderr);
    let one = scenario("right").env("GOCHAN_SEED", "all-1").run();
    assert!(one.stderr.contains("the interleaving of GOCHAN_SEED=all-1 does not fail"), "{}", one.stderr);
}

#[test]
fn dl_08_runs_that_are_drawn_say_how_many_were_different() {
    let outcome = scenario("drawn").run();
    assert_eq!(outcome.code(), Some(0), "{}", outcome.stderr);
    let told = outcome.stderr.split("100 runs pass, ").nth(1).expect("it is said");
    let different: u32 = told.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
    assert!((4..100).contains(&different), "{different}");
}
