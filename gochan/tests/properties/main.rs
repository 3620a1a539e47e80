//! Random operations on a channel, a lock and a map, held against plain models of them. The goroutines take turns in
//! virtual time, so after each operation there is one right answer.

mod channel;
mod map;
mod rwlock;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};

/// Runs `check` on lists of operations, and reports the shortest one on which it fails.
fn holds<S: Strategy>(operations: S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let persistence = FileFailurePersistence::Off;
    let config = Config { cases: 400, failure_persistence: Some(Box::new(persistence)), ..Config::default() };
    if let Err(failure) = TestRunner::new(config).run(&operations, check) {
        panic!("{failure}");
    }
}
