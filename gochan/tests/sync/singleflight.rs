//! Rows SF.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::common::{message, panic_of, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, Goexit, State, WaitReason};
use gochan::sync::singleflight::Group;

/// A call that has begun and ends when the gate is closed.
struct Held<V> {
    group: Group<&'static str, V>,
    gate: Chan<()>,
    first: gochan::JoinHandle<(V, bool)>,
}

fn held<V: Clone + Send + Sync + 'static>(end: impl FnOnce() -> V + Send + 'static) -> Held<V> {
    let group = Group::new();
    let (begun, gate) = (chan!(()), chan!(()));
    let first = go!([group, begun, gate] {
        group.run("key", || {
            send!(begun <- ());
            recv!(gate);
            end()
        })
    });
    recv!(begun);
    Held { group, gate, first }
}

impl<V: Clone + Send + Sync + 'static> Held<V> {
    fn waiter(&self) -> gochan::JoinHandle<(V, bool)> {
        let group = self.group.clone();
        let waiter = go!({ group.run("key", || unreachable!("a call is under way")) });
        until_waiting(&waiter);
        waiter
    }
}

#[gochan::test]
fn sf_01_calls_of_one_key_run_once_and_share_the_result() {
    let held = held(|| 7);
    let waiters: Vec<_> = (0..20).map(|_| held.waiter()).collect();
    let told = runtime::goroutines().into_iter().find(|info| info.id == waiters[0].id()).unwrap();
    assert_eq!(told.state, State::Waiting(WaitReason::SingleFlight));
    assert_eq!(told.waiting_at.unwrap().file(), file!());
    // Another key is another call.
    assert_eq!(held.group.run("other", || 8), (8, false));
    close!(held.gate);
    assert_eq!(held.first.join().unwrap(), (7, true));
    assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap() == (7, true)));
    // The next call runs anew.
    assert_eq!(held.group.run("key", || 9), (9, false));
}

#[gochan::test]
fn sf_01_under_load_each_answer_is_of_a_call_that_overlaps() {
    let group = Group::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let wg = WaitGroup::new();
    for _ in 0..16 {
        let (group, calls) = (group.clone(), calls.clone());
        wg.go(move || {
            for _ in 0..200 {
                let before = calls.load(SeqCst);
                let (number, _) = group.run((), || {
                    runtime::gosched();
                    calls.fetch_add(1, SeqCst)
                });
                // The call had not ended when this one asked: its answer has not been kept. The last one that was
                // counted may not have returned yet.
                assert!(number + 1 >= before, "the answer of call {number} after {before} were counted");
            }
        });
    }
    wg.wait();
    assert!(calls.load(SeqCst) <= 16 * 200);
}

#[gochan::test]
fn sf_01_the_answer_comes_over_a_channel_too() {
    let held = held(|| "text");
    let answers: Vec<_> = (0..5).map(|_| held.group.run_chan("key", || unreachable!())).collect();
    crate::common::until(|| {
        runtime::gosched();
        let waiting = runtime::goroutines();
        waiting.iter().filter(|info| info.state == State::Waiting(WaitReason::SingleFlight)).count() >= 5
    });
    close!(held.gate);
    assert!(answers.iter().all(|answer| answer.recv() == Some(("text", true)) && answer.recv().is_none()));
    assert_eq!(held.first.join().unwrap(), ("text", true));
    let (alone, rx) = (Group::new(), chan!(()));
    let answer = alone.run_chan(1, {
        let rx = rx.clone();
        move || rx.recv()
    });
    close!(rx);
    assert_eq!(answer.recv(), Some((None, false)));
}

#[gochan::test]
fn sf_01_a_call_is_under_way_when_run_chan_returns() {
    for _ in 0..100 {
        let (group, gate) = (Group::new(), chan!(()));
        let answer = group.run_chan("key", {
            let gate = gate.clone();
            move || {
                gate.recv();
                "the first one's"
            }
        });
        let second = group.run_chan("key", || unreachable!("a call is under way"));
        let third = go!([group] { group.run("key", || unreachable!("a call is under way")) });
        until_waiting(&third);
        close!(gate);
        for answer in [answer.recv().unwrap(), second.recv().unwrap(), third.join().unwrap()] {
            assert_eq!(answer, ("the first one's", true));
        }
    }
}

#[gochan::test]
fn sf_01_who_asks_before_the_goroutine_of_run_chan_has_started_waits_for_it() {
    for _ in 0..100 {
        let (group, gate) = (Group::new(), chan!(()));
        let asked = go!([group, gate] {
            let answer = group.run_chan("key", move || gate.recv().is_none());
            // At once, on the same worker.
            assert_eq!(group.run("key", || unreachable!("a call is under way")), (true, true));
            answer
        });
        until_waiting(&asked);
        close!(gate);
        assert_eq!(asked.join().unwrap().recv(), Some((true, true)));
    }
}

#[gochan::test]
fn sf_02_forgetting_a_call_that_has_not_started_yet_lets_a_new_one_start() {
    let (group, gate) = (Group::new(), chan!(()));
    let first = group.run_chan("key", {
        let gate = gate.clone();
        move || {
            gate.recv();
            1
        }
    });
    group.forget("key");
    assert_eq!(group.run("key", || 2), (2, false));
    close!(gate);
    assert_eq!(first.recv(), Some((1, false)));
}

#[gochan::test]
fn sf_02_forget_lets_a_new_call_start() {
    let held = held(|| 1);
    let waiter = held.waiter();
    held.group.forget("key");
    assert_eq!(held.group.run("key", || 2), (2, false));
    // The new call's end does not concern the old one, nor the other way round.
    assert_eq!(held.group.run("key", || 3), (3, false));
    close!(held.gate);
    assert_eq!(held.first.join().unwrap(), (1, true));
    assert_eq!(waiter.join().unwrap(), (1, true));
    held.group.forget("nobody asks for this");
}

#[gochan::test]
fn sf_02_a_panic_reaches_every_waiter() {
    let held = held::<i32>(|| panic!("on purpose"));
    let waiters: Vec<_> = (0..5).map(|_| held.waiter()).collect();
    close!(held.gate);
    for caller in waiters.into_iter().chain([held.first]) {
        assert_eq!(message(&*caller.join().unwrap_err()), "on purpose");
    }
    assert_eq!(held.group.run("key", || 4), (4, false));
}

#[gochan::test]
fn sf_02_a_goexit_reaches_every_waiter() {
    let held = held::<i32>(|| runtime::goexit());
    let waiters: Vec<_> = (0..5).map(|_| held.waiter()).collect();
    close!(held.gate);
    for caller in waiters.into_iter().chain([held.first]) {
        assert!(caller.join().unwrap_err().is::<Goexit>());
    }
    assert_eq!(held.group.run("key", || 4), (4, false));
}

#[test]
fn sf_02_a_channel_without_an_answer_closes() {
    let _watchdog = watchdog();
    let group: Group<_, ()> = Group::new();
    assert_eq!(group.run_chan(1, || panic!("on purpose")).recv(), None);
    assert_eq!(group.run_chan(1, || runtime::goexit()).recv(), None);
    assert_eq!(group.run_chan(1, || ()).recv(), Some(((), false)));
}

#[gochan::test]
fn sf_02_asking_for_the_own_call_is_told() {
    let group = Group::new();
    let said = panic_of(|| {
        group.run(1, || group.run(1, || 1).0);
    });
    assert!(said.contains("singleflight"), "{said}");
    assert_eq!(group.run(1, || group.run(2, || 2).0), (2, false));
}
