//! Destructors, `Hash`, `Eq` and leaks of the user's in the middle of operations of this crate.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::common::process::scenarios;
use crate::common::watchdog;
use gochan::prelude::*;
use gochan::sync::Map;
use gochan::sync::singleflight::Group;
use gochan::{Builder, Placement, Select};

scenarios!(map_of_evil_values, sets_in_opposite_orders);

/// Counts its drops, and panics in some of them.
#[derive(Clone)]
struct Evil {
    panics: bool,
    drops: Arc<AtomicUsize>,
}

impl Drop for Evil {
    fn drop(&mut self) {
        self.drops.fetch_add(1, SeqCst);
        assert!(!self.panics || std::thread::panicking(), "a destructor may panic");
    }
}

fn map_of_evil_values() {
    std::panic::set_hook(Box::new(|_| {}));
    let drops = Arc::new(AtomicUsize::new(0));
    let map = Map::new();
    for n in 0..400_u32 {
        let value = Evil { panics: n % 7 == 0, drops: drops.clone() };
        let _ = catch_unwind(AssertUnwindSafe(|| map.store(n % 10, value)));
        if n % 50 == 49 {
            let _ = catch_unwind(AssertUnwindSafe(|| map.delete(&(n % 10))));
        }
        if n % 90 == 89 {
            let _ = catch_unwind(AssertUnwindSafe(|| map.clear()));
        }
    }
    assert!(map.len() <= 10);
    map.range(|&key, _| {
        assert!(key < 10);
        true
    });
    let _ = catch_unwind(AssertUnwindSafe(|| drop(map)));
    println!("each is dropped: {}", drops.load(SeqCst) == 400);
}

#[test]
fn ma_01_destructors_of_values_may_panic() {
    let _watchdog = watchdog();
    for backend in ["coroutines", "threads"] {
        scenario("map_of_evil_values").backend(backend).run().prints("each is dropped: true\n");
    }
}

thread_local!(static BUSY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });

/// Calls `f` unless it is being called.
fn once_deep(f: impl FnOnce()) {
    if !BUSY.replace(true) {
        f();
        BUSY.set(false);
    }
}

/// A key whose hash, comparison and destructor use what it is a key of.
#[derive(Clone)]
struct Curious<T: Clone + Uses>(u32, T);

trait Uses {
    fn use_with(&self, key: u32);
}

impl<T: Clone + Uses> Hash for Curious<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        once_deep(|| self.1.use_with(self.0));
        self.0.hash(state);
    }
}

impl<T: Clone + Uses> PartialEq for Curious<T> {
    fn eq(&self, other: &Curious<T>) -> bool {
        once_deep(|| self.1.use_with(self.0));
        self.0 == other.0
    }
}

impl<T: Clone + Uses> Eq for Curious<T> {}

impl<T: Clone + Uses> std::fmt::Debug for Curious<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        once_deep(|| self.1.use_with(self.0));
        write!(f, "Curious({})", self.0)
    }
}

impl<T: Clone + Uses> Drop for Curious<T> {
    fn drop(&mut self) {
        once_deep(|| self.1.use_with(self.0));
    }
}

#[derive(Clone)]
struct OfGroup(Group<Curious<OfGroup>, u32>);

impl Uses for OfGroup {
    fn use_with(&self, key: u32) {
        self.0.forget(&Curious(key, self.clone()));
        assert!(!format!("{:?}", self.0).is_empty());
    }
}

#[test]
fn sf_02_keys_may_use_the_group_that_they_are_keys_of() {
    let _watchdog = watchdog();
    let group = OfGroup(Group::new());
    for n in 0..20 {
        let (value, _) = group.0.run(Curious(n % 3, group.clone()), || n);
        assert_eq!(value, n);
        group.0.forget(&Curious(n % 3, group.clone()));
    }
}

#[derive(Clone)]
struct OfMap(Arc<Map<Curious<OfMap>, u32>>);

impl Uses for OfMap {
    fn use_with(&self, key: u32) {
        let key = Curious(key, self.clone());
        let _ = self.0.load(&key);
        self.0.delete(&key);
    }
}

#[test]
fn ma_01_keys_may_use_the_map_that_they_are_keys_of() {
    let _watchdog = watchdog();
    let map = OfMap(Arc::default());
    for n in 0..100 {
        map.0.store(Curious(n % 5, map.clone()), n);
        let _ = map.0.load_or_store(Curious(n % 5, map.clone()), n);
        map.0.delete(&Curious(n % 5, map.clone()));
    }
    map.0.clear();
}

#[test]
fn se_22_a_value_in_a_forgotten_choice_is_dropped_once() {
    let _watchdog = watchdog();
    let ch = chan!(Evil, 1);
    let drops = Arc::new(AtomicUsize::new(0));
    let value = || Evil { panics: false, drops: drops.clone() };
    let mut select = Select::new();
    let arm = select.recv(&ch);
    for round in 0..3 {
        assert!(ch.send(value()).is_ok());
        mem::forget(select.try_wait().expect("it is there"));
        let mut wait = pin!(select.wait_async());
        let mut context = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut context).is_pending());
        assert!(ch.send(value()).is_ok());
        let Poll::Ready(chosen) = wait.poll(&mut context) else { panic!("a value was sent") };
        assert_eq!(drops.load(SeqCst), 2 * round + 1);
        drop(chosen.recv(arm));
        assert_eq!(drops.load(SeqCst), 2 * round + 2);
    }
}

/// The functions behind the macro can be called by anybody, without `unsafe`.
#[test]
fn arms_that_are_run_again_send_nothing_twice() {
    use gochan::__private::select::{self as hidden, IfBlocked, Order};
    let _watchdog = watchdog();
    let ch = chan!(String, 4);
    let mut slot = hidden::SendSlot::new();
    slot.put(&ch, "only one of me".to_owned());
    let mut arms = [hidden::send(&ch, &mut slot)];
    assert_eq!(hidden::run(&mut arms, Order::Random, IfBlocked::Wait).index(), 0);
    assert!(
        catch_unwind(AssertUnwindSafe(|| hidden::run(&mut arms, Order::Random, IfBlocked::Wait))).is_err()
    );
    assert_eq!(hidden::run(&mut arms, Order::Random, IfBlocked::Default).index(), 1);
    assert_eq!(hidden::run(&mut arms, Order::Random, IfBlocked::Else).index(), 1);
    assert_eq!(ch.len(), 1);
    // A slot that nothing was put into.
    let mut empty = hidden::SendSlot::new();
    let mut arms = [hidden::send(&ch, &mut empty)];
    assert_eq!(hidden::run(&mut arms, Order::Random, IfBlocked::Default).index(), 1);
    assert_eq!(ch.len(), 1);
}

/// Two goroutines on two workers, each with a set over two channels that it uses again and again.
fn sets_in_opposite_orders() {
    let (a, b) = (chan!(u64, 8), chan!(u64, 8));
    let (stop, received) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let takers = [0, 1].map(|worker| {
        let (a, b, received) = (a.clone(), b.clone(), received.clone());
        Builder::new().placement(Placement::Worker(worker)).spawn(move || {
            let (first, second) = if worker == 0 { (&a, &b) } else { (&b, &a) };
            let mut open = true;
            while open {
                let mut select = Select::new();
                let arms = [select.recv(first), select.recv(second), select.recv(first)];
                for _ in 0..6 {
                    let chosen = select.wait();
                    let arm = arms[chosen.index()];
                    match chosen.recv(arm) {
                        Some(_) => received.fetch_add(1, SeqCst),
                        None => {
                            open = false;
                            break;
                        }
                    };
                }
            }
        })
    });
    let givers = [0, 1].map(|worker| {
        let (a, b, stop) = (a.clone(), b.clone(), stop.clone());
        Builder::new().placement(Placement::Worker(worker)).spawn(move || {
            let mut n = 0;
            while !stop.load(SeqCst) {
                if a.send(n).is_err() || b.send(n).is_err() {
                    break;
                }
                n += 1;
                if n % 64 == 0 {
                    gochan::time::sleep(Duration::from_micros(n % 50));
                }
            }
        })
    });
    std::thread::sleep(Duration::from_millis(1500));
    stop.store(true, SeqCst);
    // One that waits for room is freed by the takers, which go on until a channel is closed.
    givers.into_iter().for_each(|giver| giver.join().unwrap());
    close!(a);
    close!(b);
    takers.into_iter().for_each(|taker| taker.join().unwrap());
    println!("{}", received.load(SeqCst) > 0);
}

#[test]
fn se_22_sets_in_opposite_orders_do_not_lock_each_other_out() {
    let _watchdog = watchdog();
    for backend in ["coroutines", "threads"] {
        scenario("sets_in_opposite_orders").backend(backend).workers(2).run().prints("true\n");
    }
}
