//! `runtime::local!`: values of one goroutine.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::process::scenarios;
use crate::common::{panic_of, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::runtime::{AccessError, gosched, local};
use gochan::sync::errgroup;
use gochan::{Builder, blocking, scope};

scenarios!(panics_at_its_end, exits_at_its_end, unwinds_in_the_end_of_a_thread);

local! {
    static NUMBER: Cell<u32> = Cell::new(7);
    /// Not `Send`.
    static LIST: RefCell<Vec<Rc<u32>>> = RefCell::new(vec![Rc::new(1)]);
    #[inherit]
    static REQUEST: Cell<u32> = const { Cell::new(0) };
    #[inherit]
    static TAGS: RefCell<Vec<&'static str>> = RefCell::default()
}

#[test]
fn each_goroutine_has_its_own_across_waits() {
    let _watchdog = watchdog();
    let gate = chan!(());
    let all: Vec<_> = (0..50)
        .map(|index| {
            go!([gate] {
                assert_eq!(NUMBER.replace(index), 7);
                LIST.with_borrow_mut(|list| {
                    list.push(Rc::new(index));
                    gate.recv();
                    assert_eq!(*list, [Rc::new(1), Rc::new(index)]);
                });
                gosched();
                assert_eq!(NUMBER.get(), index);
                assert_eq!(NUMBER.take(), index);
                assert_eq!(NUMBER.get(), 0);
            })
        })
        .collect();
    all.iter().for_each(until_waiting);
    close!(gate);
    all.into_iter().for_each(|one| one.join().unwrap());
}

#[test]
fn one_after_the_other_begins_anew() {
    let _watchdog = watchdog();
    for _ in 0..100 {
        go!({ assert_eq!(NUMBER.replace(1), 7) }).join().unwrap();
    }
    // Also those of one chain.
    let all: Vec<_> = (0..1000).map(|_| go!({ NUMBER.replace(1) })).collect();
    assert!(all.into_iter().all(|one| one.join().unwrap() == 7));
}

#[test]
fn a_thread_has_its_own() {
    let values = thread::spawn(|| {
        NUMBER.set(1);
        let of_goroutine = go!({ NUMBER.get() }).join().unwrap();
        (of_goroutine, thread::spawn(|| NUMBER.get()).join().unwrap(), NUMBER.get())
    });
    assert_eq!(values.join().unwrap(), (7, 7, 1));
}

#[test]
fn cells_have_the_methods_of_std() {
    go!({
        LIST.set(Vec::new());
        assert_eq!(LIST.take(), []);
        assert_eq!(LIST.replace(vec![Rc::new(2)]), []);
        assert_eq!(LIST.with_borrow(Vec::len), 1);
        assert_eq!(LIST.try_with(|list| list.borrow().len()), Ok(1));
    })
    .join()
    .unwrap();
}

static MADE: AtomicUsize = AtomicUsize::new(0);
local!(static COUNTED: Cell<usize> = Cell::new(MADE.fetch_add(1, SeqCst)));

#[test]
fn a_set_needs_no_initialiser() {
    go!({
        COUNTED.set(100);
        assert_eq!((COUNTED.get(), MADE.load(SeqCst)), (100, 0));
    })
    .join()
    .unwrap();
    go!({ assert_eq!((COUNTED.get(), COUNTED.get(), MADE.load(SeqCst)), (0, 0, 1)) }).join().unwrap();
}

#[test]
fn what_is_inherited_is_a_clone_of_the_spawners() {
    let _watchdog = watchdog();
    let seen = go!({
        REQUEST.set(5);
        TAGS.with_borrow_mut(|tags| tags.push("outer"));
        NUMBER.set(1);
        let inner = go!({
            let begun = (REQUEST.replace(6), TAGS.with_borrow(Clone::clone), NUMBER.get());
            TAGS.with_borrow_mut(|tags| tags.push("inner"));
            // Its own spawns inherit what it has made of it.
            let innermost = go!({ (REQUEST.get(), TAGS.take()) }).join().unwrap();
            (begun, innermost)
        });
        let inner = inner.join().unwrap();
        (inner, REQUEST.get(), TAGS.take())
    });
    let ((begun, innermost), request, tags) = seen.join().unwrap();
    assert_eq!(begun, (5, vec!["outer"], 7));
    assert_eq!(innermost, (6, vec!["outer", "inner"]));
    assert_eq!((request, tags), (5, vec!["outer"]));
}

#[test]
fn every_way_to_spawn_inherits() {
    let _watchdog = watchdog();
    let seen = go!({
        REQUEST.set(9);
        let mut seen = vec![
            Builder::new().name("named").stack_size(1 << 20).spawn(|| REQUEST.get()).join().unwrap(),
            scope(|s| s.go(|| REQUEST.get()).join().unwrap()),
            WaitGroup::new().go(|| REQUEST.get()).join().unwrap(),
            blocking(|| REQUEST.get()),
        ];
        let group = errgroup::Group::new();
        let found = Arc::new(AtomicUsize::new(0));
        group.go({
            let found = found.clone();
            move || {
                found.store(REQUEST.get() as usize, SeqCst);
                Ok::<_, String>(())
            }
        });
        group.wait().unwrap();
        seen.push(found.load(SeqCst) as u32);
        seen
    });
    assert_eq!(seen.join().unwrap(), [9; 5]);
}

#[test]
fn a_goroutine_inherits_from_a_thread_and_only_what_is_there() {
    let _watchdog = watchdog();
    let seen = thread::spawn(|| {
        let before = go!({ REQUEST.get() }).join().unwrap();
        REQUEST.set(3);
        (before, go!({ REQUEST.get() }).join().unwrap())
    });
    assert_eq!(seen.join().unwrap(), (0, 3));
}

#[test]
fn functions_that_are_called_later_inherit_nothing() {
    let _watchdog = watchdog();
    let seen = go!({
        REQUEST.set(3);
        let seen = chan!(u32, 2);
        let (ctx, cancel) = background().with_cancel();
        let told = seen.clone();
        let stop = ctx.after_func(move || told.send(REQUEST.get()).unwrap());
        cancel.cancel();
        let told = seen.clone();
        let _timer = gochan::time::after_func(std::time::Duration::ZERO, move || {
            told.send(REQUEST.get()).unwrap();
        });
        let both = (seen.recv(), seen.recv());
        drop(stop);
        both
    });
    assert_eq!(seen.join().unwrap(), (Some(0), Some(0)));
}

#[test]
fn a_blocking_call_has_its_own() {
    let _watchdog = watchdog();
    let calls = || {
        NUMBER.set(1);
        let first = blocking(|| NUMBER.replace(2));
        (first, blocking(|| NUMBER.get()), NUMBER.get())
    };
    assert_eq!(go!({ calls() }).join().unwrap(), (7, 7, 1));
    assert_eq!(thread::spawn(calls).join().unwrap(), (7, 7, 1));
}

#[test]
fn a_clone_that_panics_is_the_spawners_panic() {
    let _watchdog = watchdog();
    let seen = go!({
        let message = TAGS.with_borrow_mut(|_| panic_of(|| drop(go!({}))));
        go!({ REQUEST.get() }).join().unwrap();
        message
    });
    assert!(seen.join().unwrap().contains("borrowed"));
}

/// Says at its end who it was.
#[derive(Clone)]
struct Ends(&'static str, Arc<Mutex<Vec<String>>>);
impl Drop for Ends {
    fn drop(&mut self) {
        let id = gochan::runtime::current_id();
        self.1.lock().unwrap().push(format!("{} on {id:?}", self.0));
    }
}
local! {
    static FIRST: OnceCell<Ends> = OnceCell::new();
    static SECOND: OnceCell<Ends> = {
        // Made before the one that uses it, and so dropped after it.
        FIRST.with(|_| OnceCell::new())
    };
    #[inherit]
    static HEIRLOOM: OnceCell<Ends> = OnceCell::new();
}

#[test]
fn values_end_on_their_goroutine_before_it_is_joined_the_last_one_first() {
    let _watchdog = watchdog();
    let log = Arc::new(Mutex::new(Vec::new()));
    let goroutine = go!([log] {
        SECOND.with(|second| assert!(second.set(Ends("second", log.clone())).is_ok()));
        FIRST.with(|first| assert!(first.set(Ends("first", log.clone())).is_ok()));
        gochan::runtime::current_id()
    });
    let id = goroutine.join().unwrap();
    assert_eq!(*log.lock().unwrap(), [format!("second on {id:?}"), format!("first on {id:?}")]);
}

#[test]
fn values_of_a_thread_and_of_a_panicking_and_a_detached_goroutine_end() {
    let _watchdog = watchdog();
    let log = Arc::new(Mutex::new(Vec::new()));
    let set = {
        let log = log.clone();
        move || FIRST.with(|first| assert!(first.set(Ends("it", log)).is_ok()))
    };
    let (of_thread, of_panic, of_exit, detached) = (set.clone(), set.clone(), set.clone(), set);
    thread::spawn(of_thread).join().unwrap();
    assert_eq!(log.lock().unwrap().len(), 1);
    let ended = go!({
        of_panic();
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(ended.join().is_err());
    let ended = go!({
        of_exit();
        gochan::runtime::goexit()
    });
    assert!(ended.join().is_err());
    assert_eq!(log.lock().unwrap().len(), 3);
    drop(go!({ detached() }));
    crate::common::until(|| log.lock().unwrap().len() == 4);
}

#[test]
fn an_heirloom_of_a_goroutine_ends_once_for_each_that_had_it() {
    let _watchdog = watchdog();
    let log = Arc::new(Mutex::new(Vec::new()));
    go!([log] {
        HEIRLOOM.with(|it| assert!(it.set(Ends("it", log.clone())).is_ok()));
        go!({
            go!({}).join().unwrap();
            HEIRLOOM.with(|it| assert!(it.get().is_some()));
        })
        .join()
        .unwrap();
    })
    .join()
    .unwrap();
    assert_eq!(log.lock().unwrap().len(), 3);
}

/// At its end: waits, uses other values, and its own.
struct Busy(Chan<(Option<u32>, Result<(), AccessError>)>);
impl Drop for Busy {
    fn drop(&mut self) {
        gosched();
        let other = NUMBER.try_with(Cell::get).ok();
        let own = BUSY.try_with(|_| ());
        let _ = self.0.send((other, own));
    }
}
local!(static BUSY: RefCell<Option<Busy>> = const { RefCell::new(None) });

#[test]
fn a_destructor_may_wait_and_use_other_values() {
    let _watchdog = watchdog();
    let chan = chan!((Option<u32>, Result<(), AccessError>));
    let use_it = |chan: Chan<_>| move || BUSY.set(Some(Busy(chan)));
    for _ in 0..20 {
        go!(use_it(chan.clone())());
    }
    thread::spawn(use_it(chan.clone()));
    for _ in 0..21 {
        let (other, own) = chan.recv().unwrap();
        assert_eq!(other, Some(7));
        assert!(own.unwrap_err().to_string().contains("destroyed"));
    }
}

local! {
    static WAITS: u32 = {
        gosched();
        recv!(gate())
    };
    static OF_ITSELF: Cell<u32> = Cell::new(OF_ITSELF.get() + 1);
    static FAILS: Cell<u32> = Cell::new(if NUMBER.replace(1) == 7 { panic!("the first time") } else { 8 });
}

fn gate() -> &'static Chan<u32> {
    static GATE: std::sync::OnceLock<Chan<u32>> = std::sync::OnceLock::new();
    GATE.get_or_init(|| chan!(u32))
}

#[test]
fn an_initialiser_may_wait() {
    let _watchdog = watchdog();
    let all: Vec<_> = (0..20).map(|_| go!({ WAITS.with(|value| *value) })).collect();
    all.iter().for_each(until_waiting);
    let sent: u32 = (0..20).inspect(|&value| send!(gate() <- value)).sum();
    assert_eq!(all.into_iter().map(|one| one.join().unwrap()).sum::<u32>(), sent);
}

#[test]
fn an_initialiser_that_uses_its_own_value_panics() {
    let messages =
        go!({ [panic_of(|| assert_eq!(OF_ITSELF.get(), 0)), panic_of(|| OF_ITSELF.with(|_| ()))] });
    for message in messages.join().unwrap() {
        assert!(message.contains("its own initialiser"), "{message}");
    }
    let message = thread::spawn(|| panic_of(|| assert_eq!(OF_ITSELF.get(), 0))).join().unwrap();
    assert!(message.contains("its own initialiser"), "{message}");
}

#[test]
fn an_initialiser_that_has_panicked_runs_again() {
    go!({
        assert_eq!(panic_of(|| assert_eq!(FAILS.get(), 0)), "the first time");
        assert_eq!(FAILS.get(), 8);
    })
    .join()
    .unwrap();
}

#[gochan::test(virtual_time)]
fn values_in_virtual_time() {
    NUMBER.set(1);
    REQUEST.set(2);
    let other = go!({
        gochan::time::sleep(std::time::Duration::from_secs(1));
        (NUMBER.get(), REQUEST.get(), blocking(|| (NUMBER.replace(3), REQUEST.get())), NUMBER.get())
    });
    assert_eq!(other.join().unwrap(), (7, 2, (7, 2), 7));
    assert_eq!(NUMBER.get(), 1);
}

#[gochan::test(explore = "all")]
fn values_in_every_interleaving() {
    assert_eq!(NUMBER.replace(1), 7);
    let ch = chan!(u32, 2);
    for index in 0..2 {
        let ch = ch.clone();
        go!({
            assert_eq!(NUMBER.replace(index), 7);
            send!(ch <- index);
            assert_eq!(NUMBER.get(), index);
        });
    }
    assert_eq!(recv!(ch) + recv!(ch), 1);
    assert_eq!(NUMBER.get(), 1);
}

struct Panics;
impl Drop for Panics {
    fn drop(&mut self) {
        if NUMBER.get() == 1 {
            panic!("at the end");
        }
        gochan::runtime::goexit();
    }
}
local!(static PANICS: RefCell<Option<Panics>> = const { RefCell::new(None) });

fn panics_at_its_end() {
    let _ = go!({
        NUMBER.set(1);
        PANICS.set(Some(Panics));
    })
    .join();
    println!("not reached");
}

#[test]
fn a_panic_of_a_destructor_ends_the_process() {
    let outcome = scenario("panics_at_its_end").run();
    outcome.fails_saying(&["at the end", "goroutine-local value panicked in its destructor"]);
    assert_eq!(outcome.stdout, "");
}

fn exits_at_its_end() {
    go!({
        BUSY.with(|_| ());
        PANICS.set(Some(Panics));
    })
    .join()
    .unwrap();
    println!("ended");
}

#[test]
fn a_goexit_of_a_destructor_ends_the_destructor() {
    scenario("exits_at_its_end").run().prints("ended\n");
}

thread_local!(static OF_STD: RefCell<Option<Late>> = const { RefCell::new(None) });
/// Uses goroutine-local values when the thread has none any more.
struct Late;
impl Drop for Late {
    fn drop(&mut self) {
        let found = NUMBER.try_with(Cell::get);
        println!("{found:?}");
    }
}

fn unwinds_in_the_end_of_a_thread() {
    thread::spawn(|| {
        OF_STD.set(Some(Late));
        NUMBER.set(2);
    })
    .join()
    .unwrap();
}

/// std ends thread-locals in an order that it does not promise.
#[test]
fn after_a_threads_values_have_ended_there_are_none_or_new_ones() {
    let outcome = scenario("unwinds_in_the_end_of_a_thread").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    assert!(["Ok(2)\n", "Err(AccessError(()))\n"].contains(&&*outcome.stdout), "{outcome:#?}");
}
