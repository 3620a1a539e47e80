//! Rows ON.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::thread;

use crate::common::{Ledger, Plain, message, panic_of, place_of_panic, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{self, Goexit};
use gochan::sync::{Lazy, Once, OnceCell, once_func, once_value};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_impl_all!(OnceCell<i32>: Send, Sync, std::panic::RefUnwindSafe);
assert_not_impl_any!(OnceCell<std::cell::Cell<i32>>: Sync);
assert_not_impl_any!(Lazy<i32, std::rc::Rc<i32>>: Sync);

static ONCE: Once = Once::new();
static CELL: OnceCell<String> = OnceCell::new();
static LAZY: Lazy<Vec<i32>> = Lazy::new(|| (0..10).collect());

#[gochan::test]
fn on_01_one_of_a_thousand_runs_it_and_all_return_after_its_end() {
    let once = Arc::new(Once::new());
    let memory = Arc::new(Plain::default());
    let wg = WaitGroup::new();
    for _ in 0..1000 {
        let (once, memory) = (once.clone(), memory.clone());
        wg.go(move || {
            once.call_once(|| {
                (0..10).for_each(|_| runtime::gosched());
                memory.set(memory.get() + 1);
            });
            assert_eq!(memory.get(), 1);
        });
    }
    wg.wait();
    assert!(once.is_completed());
    assert_eq!(memory.get(), 1);
}

#[test]
fn on_01_goroutines_and_threads_share_one_initialiser() {
    let _watchdog = watchdog();
    let runs = Arc::new(AtomicUsize::new(0));
    let body = {
        let runs = runs.clone();
        move || {
            ONCE.call_once(|| {
                runs.fetch_add(1, SeqCst);
            });
            CELL.get_or_init(|| {
                runtime::gosched();
                format!("made by {:?}", thread::current().id())
            })
            .as_str()
        }
    };
    let goroutines: Vec<_> = (0..20).map(|_| go!([body] { body() })).collect();
    let threads: Vec<_> = (0..5).map(|_| thread::spawn(body.clone())).collect();
    let mut answers: Vec<_> = goroutines.into_iter().map(|goroutine| goroutine.join().unwrap()).collect();
    answers.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
    assert_eq!(runs.load(SeqCst), 1);
    assert!(answers.iter().all(|answer| std::ptr::eq(*answer, answers[0])));
}

#[test]
fn on_01_setting_and_taking_a_cell() {
    let ledger = Ledger::default();
    let mut cell = OnceCell::new();
    assert!(cell.get().is_none() && cell.get_mut().is_none() && cell.take().is_none());
    cell.set(ledger.value(1)).unwrap();
    assert_eq!(cell.set(ledger.value(2)).unwrap_err().number, 2);
    assert_eq!(cell.get_or_init(|| unreachable!()).number, 1);
    assert_eq!(format!("{cell:?}"), "OnceCell(Tracked(1))");
    assert_eq!(cell.take().unwrap().number, 1);
    assert_eq!(cell.get_or_init(|| ledger.value(3)).number, 3);
    assert_eq!(OnceCell::from(ledger.value(4)).into_inner().unwrap().number, 4);
    drop(cell);
    ledger.balances();
    assert_eq!(ledger.made(), 4);
    assert_eq!(format!("{:?}", OnceCell::<i32>::default()), "OnceCell(<empty>)");
}

#[gochan::test]
fn on_01_set_waits_for_an_initialiser_that_runs() {
    let cell = Arc::new(OnceCell::new());
    let (begun, gate) = (chan!(()), chan!(()));
    let first = go!([cell, begun, gate] {
        *cell.get_or_init(|| {
            send!(begun <- ());
            recv!(gate);
            1
        })
    });
    recv!(begun);
    let second = go!([cell] { cell.set(2) });
    until_waiting(&second);
    close!(gate);
    assert_eq!(second.join().unwrap(), Err(2));
    assert_eq!(first.join().unwrap(), 1);
}

#[gochan::test]
fn on_02_a_once_that_panicked_is_done() {
    let once = Arc::new(Once::new());
    let (begun, gate) = (chan!(()), chan!(()));
    let panicking = go!([once, begun, gate] {
        once.call_once(|| {
            send!(begun <- ());
            recv!(gate);
            panic!("on purpose");
        });
    });
    recv!(begun);
    let waiter = go!([once] { once.call_once(|| unreachable!()) });
    until_waiting(&waiter);
    close!(gate);
    assert_eq!(message(&*panicking.join().unwrap_err()), "on purpose");
    waiter.join().unwrap();
    assert!(once.is_completed());
    once.call_once(|| unreachable!());
}

#[gochan::test]
fn on_02_a_cell_whose_initialiser_fails_or_panics_lets_a_later_one_try() {
    let cell = Arc::new(OnceCell::new());
    assert_eq!(cell.get_or_try_init(|| Err("no")), Err("no"));
    assert_eq!(panic_of(|| _ = cell.get_or_init(|| panic!("on purpose"))), "on purpose");
    assert!(
        go!([cell] {
            cell.get_or_init(|| runtime::goexit());
        })
        .join()
        .is_err()
    );

    let (begun, gate) = (chan!(()), chan!(()));
    let panicking = go!([cell, begun, gate] {
        cell.get_or_init(|| {
            send!(begun <- ());
            recv!(gate);
            panic!("on purpose");
        });
    });
    recv!(begun);
    let tries = Arc::new(AtomicUsize::new(0));
    let waiters: Vec<_> = (0..10)
        .map(|_| {
            let waiter = go!([cell, tries] {
                cell.get_or_try_init(|| match tries.fetch_add(1, SeqCst) {
                    4 => Ok(4),
                    number => Err(number),
                })
                .copied()
            });
            until_waiting(&waiter);
            waiter
        })
        .collect();
    close!(gate);
    assert!(panicking.join().is_err());
    let mut answers: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
    answers.sort_unstable();
    assert_eq!(answers[..6], [Ok(4); 6]);
    assert_eq!(answers[6..], [Err(0), Err(1), Err(2), Err(3)]);
    assert_eq!(tries.load(SeqCst), 5);
}

#[gochan::test]
fn on_03_recursion_is_told_instead_of_waiting_for_ever() {
    let once = Once::new();
    let line = line!() + 1;
    let recursive = || once.call_once(|| once.call_once(|| unreachable!()));
    assert_eq!(place_of_panic(recursive).1, line);
    let said = {
        let once = Once::new();
        panic_of(|| once.call_once(|| once.call_once(|| unreachable!())))
    };
    assert!(said.contains("Once::call_once at ") && said.contains(file!()), "{said}");

    let said = go!({
        let cell = OnceCell::new();
        panic_of(|| {
            cell.get_or_init(|| *cell.get_or_init(|| 1));
        })
    });
    assert!(said.join().unwrap().contains("calls itself recursively"));
    let cell = OnceCell::new();
    assert!(panic_of(|| _ = cell.get_or_init(|| cell.set(1).is_ok().into())).contains("OnceCell::set"));

    static KNOT: Lazy<i32> = Lazy::new(|| *KNOT + 1);
    assert!(panic_of(|| assert_eq!(*KNOT, 0)).contains("calls itself recursively"));
}

#[gochan::test]
fn on_03_two_initialisers_that_need_each_other_do_not_pass_for_recursion() {
    let (one, other) = (Arc::new(OnceCell::new()), Arc::new(OnceCell::new()));
    let first = go!([one, other] { *one.get_or_init(|| *other.get_or_init(|| 1) + 1) });
    assert_eq!(first.join().unwrap(), 2);
    assert_eq!((one.get(), other.get()), (Some(&2), Some(&1)));
}

#[gochan::test]
fn on_04_a_lazy_value_is_computed_once_when_it_is_needed() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let lazy = Arc::new(Lazy::new(move || {
        runtime::gosched();
        counted.fetch_add(1, SeqCst)
    }));
    assert!(Lazy::get(&lazy).is_none());
    assert_eq!(format!("{lazy:?}"), "Lazy(<not computed>)");
    let users: Vec<_> = (0..100).map(|_| go!([lazy] { **lazy })).collect();
    assert!(users.into_iter().all(|user| user.join().unwrap() == 0));
    assert_eq!((Lazy::get(&lazy), runs.load(SeqCst)), (Some(&0), 1));
    assert_eq!(format!("{lazy:?}"), "Lazy(0)");
    assert_eq!(LAZY.len(), 10);
}

#[gochan::test]
fn on_04_a_panic_is_raised_again_at_every_use() {
    let runs = AtomicUsize::new(0);
    let lazy: Lazy<i32, _> = Lazy::new(|| panic!("run {}", runs.fetch_add(1, SeqCst)));
    for _ in 0..3 {
        assert_eq!(panic_of(|| assert_eq!(*lazy, 0)), "run 0");
    }
    assert!(Lazy::get(&lazy).is_none());
    let line = line!() + 1;
    assert_eq!(place_of_panic(|| _ = Lazy::force(&lazy)), (file!().to_owned(), line));

    let literal = once_func(|| panic!("a literal"));
    let copy = literal.clone();
    assert_eq!(panic_of(literal), "a literal");
    assert_eq!(panic_of(copy), "a literal");

    let value = once_value(|| -> i32 { std::panic::panic_any(7_u8) });
    let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&value)).unwrap_err();
    assert_eq!(first.downcast_ref(), Some(&7_u8));
    assert!(panic_of(|| _ = value()).contains("panicked for its first caller"));
}

#[gochan::test]
fn on_04_goexit_in_a_function_run_once_ends_every_caller() {
    let exit = once_func(|| runtime::goexit());
    for _ in 0..3 {
        assert!(go!([exit] { exit() }).join().unwrap_err().is::<Goexit>());
    }
}

#[gochan::test]
fn on_04_functions_run_once_give_their_value_to_all() {
    let ran = Arc::new(AtomicBool::new(false));
    let f = {
        let ran = ran.clone();
        once_value(move || {
            assert!(!ran.swap(true, SeqCst));
            (1, "two")
        })
    };
    let callers: Vec<_> = (0..50).map(|_| go!([f] { f() })).collect();
    assert!(callers.into_iter().all(|caller| caller.join().unwrap() == (1, "two")));
}
