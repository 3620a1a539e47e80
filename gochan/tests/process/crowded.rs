//! More workers than processors: over how many of them goroutines of one site are spread.

use crate::common::on_threads;
use crate::common::process::scenarios;
use gochan::prelude::*;
use std::collections::HashSet;
use std::thread::{self, available_parallelism};
use std::time::Duration;

scenarios!(a_pool, a_pool_after_a_wait_in_the_system);

fn processors() -> usize {
    available_parallelism().map_or(1, usize::from)
}

fn workers() -> usize {
    2 * processors()
}

/// On how many workers the goroutines of a pool are that wait for jobs. There is one goroutine for each worker.
fn workers_of_a_pool() -> usize {
    let (jobs, names) = (chan!(()), chan!(Option<String>));
    for _ in 0..workers() {
        go!([jobs, names] {
            jobs.recv();
            send!(names <- thread::current().name().map(str::to_owned));
        });
    }
    let used: HashSet<_> = (0..workers())
        .map(|_| {
            send!(jobs <- ());
            recv!(names)
        })
        .collect();
    used.len()
}

#[gochan::main]
fn a_pool() {
    let used = workers_of_a_pool();
    println!("{}", if on_threads() || used <= processors() { "few" } else { "many" });
}

#[gochan::main]
fn a_pool_after_a_wait_in_the_system() {
    thread::sleep(Duration::from_millis(500));
    let used = workers_of_a_pool();
    assert!(on_threads() || used == workers(), "{used}");
    println!("spread");
}

#[test]
fn go_20_a_pool_is_spread_over_as_many_workers_as_there_are_processors() {
    // An idle worker may take one that is slow to start, but not each time.
    let few = (0..10).any(|_| scenario("a_pool").workers(workers()).run().stdout == "few\n");
    assert!(few);
}

#[test]
fn go_20_a_pool_is_spread_over_all_workers_once_goroutines_have_waited_in_the_system() {
    scenario("a_pool_after_a_wait_in_the_system").workers(workers()).run().prints("spread\n");
}
