//! Rows EG.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::common::{is_waiting, message, panic_of, until, until_waiting};
use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::runtime::{self, Goexit, State, WaitReason};
use gochan::sync::errgroup::{self, Group};

#[gochan::test]
fn eg_01_wait_returns_after_all_have_ended() {
    let group = Group::<String>::new();
    assert_eq!(group.wait(), Ok(()));
    let ended = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        let ended = ended.clone();
        group.go(move || {
            runtime::gosched();
            ended.fetch_add(1, SeqCst);
            Ok(())
        });
    }
    assert_eq!(group.wait(), Ok(()));
    assert_eq!(ended.load(SeqCst), 100);
}

#[gochan::test]
fn eg_01_wait_returns_the_first_error() {
    let group = Group::new();
    let second = chan!(());
    for number in 0..10 {
        let second = second.clone();
        group.go(move || match number {
            5 => Err("the first"),
            7 => {
                second.recv();
                Err("the second")
            }
            _ => Ok(()),
        });
    }
    // What the first one has returned is noted before it counts as ended.
    until(|| {
        runtime::gosched();
        format!("{group:?}").contains("active: 1,")
    });
    close!(second);
    assert_eq!(group.wait(), Err("the first"));
    assert_eq!(group.wait(), Ok(()));
}

#[gochan::test]
fn eg_01_the_first_error_ends_the_context() {
    let (group, ctx) = Group::with_context(&background());
    for _ in 0..10 {
        let ctx = ctx.clone();
        group.go(move || {
            ctx.done().recv();
            Err(format!("stopped: {}", ctx.err().unwrap()))
        });
    }
    assert!(ctx.err().is_none());
    group.go(|| Err("the first".to_owned()));
    assert_eq!(group.wait(), Err("the first".to_owned()));
    assert_eq!(ctx.err(), Some(ContextError::Canceled));
}

#[gochan::test]
fn eg_01_the_first_error_is_the_cause_of_the_context_s_end() {
    for _ in 0..200 {
        let (group, ctx) = Group::with_context_cause(&background(), |error: &usize| format!("error {error}"));
        let (below, _cancel) = ctx.with_cancel();
        for number in 0..4 {
            group.go(move || Err(number));
        }
        let first = group.wait().unwrap_err();
        assert_eq!(ctx.err(), Some(ContextError::Canceled));
        for ctx in [ctx, below] {
            assert_eq!(ctx.cause().unwrap().to_string(), format!("error {first}"));
        }
    }
    // Without an error there is no cause but the end.
    let (group, ctx) = Group::with_context_cause(&background(), String::clone);
    group.go(|| Ok(()));
    assert_eq!(group.wait(), Ok(()));
    assert_eq!(ctx.cause().unwrap().to_string(), "context canceled");
    // An error can be its own cause.
    let (group, ctx) = Group::with_context_cause(&background(), ContextError::clone);
    group.go(|| Err(ContextError::DeadlineExceeded));
    ctx.done().recv();
    assert_eq!(ctx.cause().unwrap().downcast_ref(), Some(&ContextError::DeadlineExceeded));
    assert_eq!(group.wait(), Err(ContextError::DeadlineExceeded));
}

#[gochan::test]
fn eg_03_a_panic_of_what_makes_the_cause_reaches_wait() {
    let (group, ctx) = Group::with_context_cause(&background(), |(): &()| -> String { panic!("no words") });
    group.go(|| Err(()));
    assert_eq!(panic_of(|| assert_eq!(group.wait(), Ok(()))), "no words");
    assert!(ctx.err().is_some());
}

#[gochan::test]
fn eg_01_wait_ends_the_context_and_the_parent_s_end_is_the_group_s() {
    let (group, ctx) = Group::<()>::with_context(&background());
    group.go(|| Ok(()));
    assert_eq!(group.wait(), Ok(()));
    assert_eq!(ctx.err(), Some(ContextError::Canceled));

    let (parent, cancel) = background().with_cancel();
    let (group, ctx) = Group::with_context(&parent);
    group.go(move || ctx.done().recv().map_or(Err("stopped"), |()| Ok(())));
    cancel.cancel();
    assert_eq!(group.wait(), Err("stopped"));
}

#[gochan::test]
fn eg_02_go_blocks_at_the_limit_and_try_go_does_not() {
    let group = Group::<()>::new();
    group.set_limit(3);
    let gate = chan!(());
    let active = Arc::new(AtomicUsize::new(0));
    let task = {
        let (gate, active) = (gate.clone(), active.clone());
        move || {
            assert!(active.fetch_add(1, SeqCst) < 3);
            gate.recv();
            active.fetch_sub(1, SeqCst);
            Ok(())
        }
    };
    group.go(task.clone());
    group.go(task.clone());
    assert!(group.try_go(task.clone()));
    assert!(!group.try_go(task.clone()));
    let blocked = go!([group, task] { group.go(task) });
    until_waiting(&blocked);
    assert!(is_waiting(&blocked));
    let seen = runtime::goroutines().into_iter().find(|seen| seen.id == blocked.id()).expect("it is there");
    assert_eq!(seen.state, State::Waiting(WaitReason::ErrGroup));
    send!(gate <- ());
    blocked.join().unwrap();
    assert!(!group.try_go(task));
    close!(gate);
    assert_eq!(group.wait(), Ok(()));
}

#[gochan::test]
fn eg_02_never_more_than_the_limit_run() {
    let group = Group::<()>::new();
    group.set_limit(4);
    let active = Arc::new(AtomicUsize::new(0));
    for _ in 0..200 {
        let active = active.clone();
        group.go(move || {
            assert!(active.fetch_add(1, SeqCst) < 4);
            runtime::gosched();
            active.fetch_sub(1, SeqCst);
            Ok(())
        });
    }
    assert_eq!(group.wait(), Ok(()));
    group.set_limit(None);
    let gate = chan!(());
    for _ in 0..50 {
        let gate = gate.clone();
        assert!(group.try_go(move || {
            gate.recv();
            Ok(())
        }));
    }
    close!(gate);
    assert_eq!(group.wait(), Ok(()));
    group.set_limit(0);
    assert!(!group.try_go(|| Ok(())));
}

#[gochan::test]
fn eg_02_changing_the_limit_while_tasks_run_panics() {
    let group = Group::<()>::new();
    let gate = chan!(());
    let closed = gate.clone();
    group.go(move || {
        closed.recv();
        Ok(())
    });
    assert_eq!(
        panic_of(|| group.set_limit(1)),
        "errgroup: modify limit while 1 goroutines in the group are still active"
    );
    // It has not been changed.
    assert!(group.try_go(|| Ok(())));
    close!(gate);
    assert_eq!(group.wait(), Ok(()));
    group.set_limit(1);
}

#[gochan::test]
fn eg_03_a_panic_reaches_wait_and_ends_the_context() {
    let (group, ctx) = Group::<&str>::with_context(&background());
    let waits = ctx.clone();
    group.go(move || {
        waits.done().recv();
        Err("an error beside the panic")
    });
    group.go(|| panic!("on purpose"));
    assert_eq!(panic_of(|| _ = group.wait()), "on purpose");
    assert!(ctx.err().is_some());
    assert_eq!(group.wait(), Ok(()));
}

#[gochan::test]
fn eg_03_a_goexit_reaches_wait() {
    let group = Group::<()>::new();
    group.go(|| runtime::goexit());
    let waiter = go!([group] { group.wait() });
    assert!(waiter.join().unwrap_err().is::<Goexit>());
}

#[gochan::test]
fn eg_03_a_panic_frees_its_place_under_a_limit() {
    let group = Group::<()>::new();
    group.set_limit(1);
    for number in 0..20 {
        group.go(move || if number % 2 == 0 { panic!("panic {number}") } else { runtime::goexit() });
    }
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| group.wait())).unwrap_err();
    assert_eq!(message(&*payload), "panic 0");
}

#[gochan::test]
fn every_error_is_returned_in_order() {
    let (group, ctx) = Group::with_context(&background());
    let turns: Vec<_> = (0..4).map(|_| chan!(())).collect();
    for (number, turn) in turns.iter().cloned().enumerate() {
        group.go(move || {
            turn.recv();
            if number == 2 { Ok(()) } else { Err(number) }
        });
    }
    for number in [3, 2, 0, 1] {
        turns[number].close();
        until(|| number != 3 || ctx.err().is_some());
    }
    let errors = group.wait_all().unwrap_err();
    assert_eq!(errors.first(), Some(&3));
    assert_eq!(errors.len(), 3);
    assert_eq!(group.wait_all(), Ok(()));
    group.go(|| Err(7));
    assert_eq!(group.wait(), Err(7));
}

#[gochan::test]
fn a_question_mark_needs_no_type() {
    let (group, ctx) = errgroup::with_context(&background());
    group.go(move || {
        let _: u8 = "no number".parse()?;
        Ok(())
    });
    group.go(move || {
        ctx.done().recv();
        Err(ctx.error())?;
        Ok(())
    });
    let errors = group.wait_all().unwrap_err();
    assert_eq!(errors[0].to_string(), "invalid digit found in string");
    assert_eq!(errors[1].downcast_ref(), Some(&ContextError::Canceled));
    let group = errgroup::group();
    group.go(|| Err("a text".into()));
    assert_eq!(group.wait().unwrap_err().to_string(), "a text");
}
