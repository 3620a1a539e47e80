//! Explorations of programs that have a bug, and of their mended twins.

use gochan::JoinHandle;

/// Few enough to be what one would write in an attribute.
pub(crate) const RUNS: u32 = 200;
/// Explorations that begin elsewhere: few, or as many as `GOCHAN_TEST_BEGINNINGS` says.
pub(crate) fn beginnings() -> std::ops::Range<u64> {
    let many = std::env::var("GOCHAN_TEST_BEGINNINGS").ok();
    0..many.map_or(8, |many| many.parse().expect("a number"))
}

fn exploration(beginning: u64, runs: u32) -> gochan::__private::Test {
    gochan::__private::Test::new()
        .explore(runs)
        .first_seed(beginning.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16)
}

/// What an exploration says of a program, if it finds fault with it.
pub(crate) fn verdict(beginning: u64, runs: u32, program: fn()) -> Option<String> {
    let run = || exploration(beginning, runs).run(program);
    let payload = std::panic::catch_unwind(run).err()?;
    Some(super::message(&*payload).to_owned())
}

#[track_caller]
pub(crate) fn finds(symptom: &str, program: fn()) {
    if std::env::var_os("GOCHAN_RATES").is_some() {
        let found = (0..1000).filter(|&beginning| verdict(beginning, 1, program).is_some()).count();
        println!("RATE {:>5.1} %", found as f64 / 10.0);
    }
    for beginning in beginnings() {
        match verdict(beginning, RUNS, program) {
            Some(text) => {
                assert!(text.contains(symptom), "{text}");
                assert!(!text.contains("went otherwise"), "{text}");
            }
            None => panic!("not found, beginning {beginning}"),
        }
    }
}

#[track_caller]
pub(crate) fn passes(program: fn()) {
    for beginning in beginnings() {
        if let Some(text) = verdict(beginning, RUNS, program) {
            panic!("beginning {beginning}: {text}");
        }
    }
}

/// `program(true)` has the bug and shows the symptom; `program(false)` has not.
#[allow(unused_macros, reason = "each test binary uses its own part of this")]
macro_rules! classics {
    ($($(#[$doc:meta])* $name:ident($symptom:expr) $program:expr;)*) => {
        $($(#[$doc])* mod $name {
            use super::*;

            fn program(buggy: bool) {
                let program: fn(bool) = $program;
                program(buggy);
            }

            #[test]
            fn dl_08_is_found() {
                finds($symptom, || program(true));
            }

            #[test]
            fn dl_08_is_not_found_where_it_is_not() {
                passes(|| program(false));
            }
        })*
    };
}

#[allow(unused_imports, reason = "as above")]
pub(crate) use classics;

pub(crate) const DEADLOCK: &str = "all goroutines of the test are asleep - deadlock!";
pub(crate) const LEAK: &str = "leaked";

pub(crate) fn join_all<T>(handles: impl IntoIterator<Item = JoinHandle<T>>) -> Vec<T> {
    handles
        .into_iter()
        .map(|handle| handle.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload)))
        .collect()
}
