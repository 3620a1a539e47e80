//! `Barrier`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::common::until_waiting;
use gochan::prelude::*;
use gochan::runtime::{self, State, WaitReason};
use gochan::sync::Barrier;

#[gochan::test]
fn none_goes_on_before_all_have_come_and_one_leads() {
    const SIZE: usize = 5;
    let barrier = Arc::new(Barrier::new(SIZE));
    let (come, leaders) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..SIZE)
        .map(|_| {
            go!([barrier, come, leaders] {
                for round in 1..=50 {
                    come.fetch_add(1, SeqCst);
                    if barrier.wait().is_leader() {
                        leaders.fetch_add(1, SeqCst);
                    }
                    assert!(come.load(SeqCst) >= round * SIZE);
                }
            })
        })
        .collect();
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!((come.load(SeqCst), leaders.load(SeqCst)), (50 * SIZE, 50));
}

#[gochan::test]
fn a_wait_shows_its_reason_and_threads_count_too() {
    let barrier = Arc::new(Barrier::new(2));
    let waiting = go!([barrier] { barrier.wait().is_leader() });
    until_waiting(&waiting);
    let seen = runtime::goroutines().into_iter().find(|seen| seen.id == waiting.id()).unwrap();
    assert_eq!(seen.state, State::Waiting(WaitReason::Barrier));
    let leads = {
        let barrier = barrier.clone();
        std::thread::spawn(move || barrier.wait().is_leader())
    };
    assert!(leads.join().unwrap());
    assert!(!waiting.join().unwrap());
    assert!(Barrier::new(0).wait().is_leader() && Barrier::new(1).wait().is_leader());
}
