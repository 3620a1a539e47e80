//! Row DL-10: an exploration switches between what lets others go on, an unlock, a release, a close, and whatever is done
//! next; and between the end of an initialiser and the moment when others see what it has made. What is done next is no
//! operation of gochan's, so that no other place to switch at helps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use std::time::Duration;

use gochan::__private::Test;
use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::{
    Cond, Lazy, Map, Mutex, Once, OnceCell, RwLock, RwLockWriteGuard, Semaphore, singleflight,
};
use gochan::test::wait;
use gochan::time::{Timer, after_func};

/// A place to switch at is met within so many interleavings, wherever they begin.
const SOON: u32 = 300;

/// The program can see both outcomes.
#[track_caller]
fn sees_both(program: impl Fn() -> bool + Copy + Send + 'static) {
    for seed in 1..=3 {
        let seen: &'static [AtomicU32; 2] = Box::leak(Box::default());
        Test::new().explore(SOON).jumps(0).first_seed(seed).run(move || {
            seen[usize::from(program())].fetch_add(1, SeqCst);
        });
        assert!(seen[0].load(SeqCst) > 0, "always, from seed {seed}");
        assert!(seen[1].load(SeqCst) > 0, "never, from seed {seed}");
    }
}

/// Whether the goroutine that `waits` goes on before the one that `lets_go` does the next thing.
fn is_overtaken(waits: impl FnOnce() + Send + 'static, lets_go: impl FnOnce()) -> bool {
    let goes_on = Arc::new(AtomicBool::new(false));
    go!([goes_on] {
        waits();
        goes_on.store(true, SeqCst);
    });
    wait();
    assert!(!goes_on.load(SeqCst));
    lets_go();
    let overtaken = goes_on.load(SeqCst);
    wait();
    assert!(goes_on.load(SeqCst));
    overtaken
}

/// As the goroutine of something shared that is made anew each time.
fn overtakes<T: Send + Sync + 'static>(made: T, waits: fn(&T), lets_go: impl FnOnce(&T)) -> bool {
    let made = Arc::new(made);
    let shared = made.clone();
    is_overtaken(move || waits(&shared), || lets_go(&made))
}

#[test]
fn dl_10_an_unlock() {
    sees_both(|| {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.lock();
        let waiter = mutex.clone();
        is_overtaken(move || drop(waiter.lock()), || drop(guard))
    });
}

#[test]
fn dl_10_the_end_of_a_read() {
    sees_both(|| {
        let lock = Arc::new(RwLock::new(()));
        let guard = lock.read();
        let waiter = lock.clone();
        is_overtaken(move || drop(waiter.write()), || drop(guard))
    });
}

#[test]
fn dl_10_the_end_of_a_write() {
    sees_both(|| {
        let lock = Arc::new(RwLock::new(()));
        let guard = lock.write();
        let waiter = lock.clone();
        is_overtaken(move || drop(waiter.read()), || drop(guard))
    });
}

#[test]
fn dl_10_a_downgrade() {
    sees_both(|| {
        let lock = Arc::new(RwLock::new(()));
        let guard = lock.write();
        let waiter = lock.clone();
        let mut kept = None;
        is_overtaken(move || drop(waiter.read()), || kept = Some(RwLockWriteGuard::downgrade(guard)))
    });
}

#[test]
fn dl_10_a_release() {
    sees_both(|| {
        let semaphore = Semaphore::new(2);
        assert!(semaphore.try_acquire(2));
        overtakes(semaphore, |it| it.acquire(&background(), 1).unwrap(), |it| it.release(1))
    });
    sees_both(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let permit = semaphore.permit(&background(), 1).unwrap();
        let waiter = semaphore.clone();
        is_overtaken(move || drop(waiter.permit(&background(), 1)), || drop(permit))
    });
}

#[test]
fn dl_10_a_signal_and_a_broadcast() {
    type Shared = (Mutex<bool>, Cond);
    fn waits((lock, cond): &Shared) {
        drop(cond.wait_while(lock.lock(), |is_set| !*is_set));
    }
    for wakes in [Cond::signal, Cond::broadcast] {
        let wakes: fn(&Cond) = wakes;
        sees_both(move || {
            let shared: Shared = Default::default();
            overtakes(shared, waits, |(lock, cond)| {
                *lock.lock() = true;
                wakes(cond);
            })
        });
    }
}

#[test]
fn dl_10_the_lock_after_a_wait_for_a_condition() {
    sees_both(|| {
        let shared = Arc::new((Mutex::new(false), Cond::new(), AtomicBool::new(false)));
        let waiter = go!([shared] {
            let (lock, cond, seen) = &*shared;
            // gochan-lint: allow(cond_wait_without_loop) each wait is for one of two signals
            drop(cond.wait(lock.lock()));
            let guard = lock.lock();
            // gochan-lint: allow(cond_wait_without_loop) the same
            drop(cond.wait(guard));
            seen.load(SeqCst)
        });
        for _ in 0..2 {
            wait();
            shared.1.signal();
        }
        shared.2.store(true, SeqCst);
        waiter.join().unwrap()
    });
}

#[test]
fn dl_10_a_wait_group() {
    sees_both(|| {
        let wg = WaitGroup::new();
        wg.add(1);
        overtakes(wg, WaitGroup::wait, WaitGroup::done)
    });
}

#[test]
fn dl_10_a_channel() {
    sees_both(|| overtakes(chan!(u32), |ch| _ = ch.recv(), |ch| close!(ch)));
    sees_both(|| overtakes(chan!(u32), |ch| _ = ch.recv(), |ch| send!(ch <- 1)));
    sees_both(|| overtakes(chan!(u32), |ch| send!(ch <- 1), |ch| _ = recv!(ch)));
    sees_both(|| overtakes(chan!(u32), |ch| send!(ch <- 1), |ch| _ = ch.try_recv()));
    sees_both(|| overtakes(chan!(u32), |ch| _ = ch.recv(), |ch| ch.try_send(1).unwrap()));
    sees_both(|| {
        let (tx, rx) = chan!(u32).split();
        is_overtaken(move || _ = rx.recv(), || drop(tx))
    });
    sees_both(|| {
        let (tx, rx) = chan!(u32).split();
        is_overtaken(move || _ = tx.send(1), || drop(rx))
    });
    sees_both(|| {
        overtakes(
            chan!(u32),
            |ch| _ = ch.recv(),
            |ch| {
                select! {
                    ch <- 1 => {}
                }
            },
        )
    });
}

/// Also where nothing was there: what that says may be true no more.
#[test]
fn dl_10_what_finds_a_channel_closed() {
    fn looks(look: fn(&Chan<u32>)) {
        sees_both(move || {
            let (ch, flag) = (chan!(u32), Arc::new(AtomicBool::new(false)));
            close!(ch);
            let other = go!([flag] { flag.store(true, SeqCst) });
            let before = flag.load(SeqCst);
            look(&ch);
            let changed = flag.load(SeqCst) != before;
            other.join().unwrap();
            changed
        });
    }
    looks(|ch| assert_eq!(ch.recv(), None));
    looks(|ch| assert!(ch.send(1).is_err()));
    looks(|ch| assert!(ch.try_recv().is_err()));
}

#[test]
fn dl_10_the_end_of_a_context() {
    sees_both(|| {
        let (ctx, cancel) = background().with_cancel();
        is_overtaken(move || _ = ctx.done().recv(), || cancel.cancel())
    });
    sees_both(|| {
        let (ctx, cancel) = background().with_cancel();
        is_overtaken(move || _ = ctx.done().recv(), || drop(cancel))
    });
}

#[test]
fn dl_10_a_timer() {
    sees_both(|| {
        let timer = Arc::new(Timer::new(Duration::from_secs(5)));
        let waiter = timer.clone();
        is_overtaken(move || _ = waiter.channel().recv(), || _ = timer.reset(Duration::ZERO))
    });
    sees_both(|| {
        let called = chan!(());
        let timer = after_func(Duration::from_secs(5), {
            let called = called.clone();
            move || close!(called)
        });
        is_overtaken(move || _ = called.recv(), || _ = timer.reset(Duration::ZERO))
    });
}

/// Nobody sees what has been made before others could run.
#[test]
fn dl_10_what_an_initialiser_makes() {
    sees_both(|| {
        let (cell, end) = (Arc::new(OnceCell::new()), Arc::new(AtomicBool::new(false)));
        let looker = go!([cell, end] {
            while !end.load(SeqCst) {
                gosched();
            }
            cell.get().is_some()
        });
        cell.get_or_init(|| end.store(true, SeqCst));
        looker.join().unwrap()
    });
    sees_both(|| {
        let (cell, end) = (Arc::new(OnceCell::new()), Arc::new(AtomicBool::new(false)));
        let looker = go!([cell, end] {
            while !end.load(SeqCst) {
                gosched();
            }
            cell.get().is_some()
        });
        let _: Result<_, ()> = cell.get_or_try_init(|| {
            end.store(true, SeqCst);
            Ok(())
        });
        looker.join().unwrap()
    });
    sees_both(|| {
        let (once, end) = (Arc::new(Once::new()), Arc::new(AtomicBool::new(false)));
        let looker = go!([once, end] {
            while !end.load(SeqCst) {
                gosched();
            }
            once.is_completed()
        });
        once.call_once(|| end.store(true, SeqCst));
        looker.join().unwrap()
    });
    sees_both(|| {
        let end = Arc::new(AtomicBool::new(false));
        let lazy = Arc::new(Lazy::new({
            let end = end.clone();
            move || end.store(true, SeqCst)
        }));
        let looker = go!([lazy, end] {
            while !end.load(SeqCst) {
                gosched();
            }
            Lazy::get(&lazy).is_some()
        });
        Lazy::force(&lazy);
        looker.join().unwrap()
    });
}

/// One who asks while the call ends gets its result, or makes a call of its own.
#[test]
fn dl_10_the_end_of_a_call_that_several_share() {
    sees_both(|| {
        let (group, end) = (singleflight::Group::new(), Arc::new(AtomicBool::new(false)));
        let asker = go!([group, end] {
            while !end.load(SeqCst) {
                gosched();
            }
            group.run("key", || 2).0 == 1
        });
        let (result, _) = group.run("key", || {
            end.store(true, SeqCst);
            1
        });
        assert_eq!(result, 1);
        asker.join().unwrap()
    });
}

/// Others may come between one entry and the next one.
#[test]
fn dl_10_the_visit_of_a_map() {
    sees_both(|| {
        let map = Arc::new(Map::new());
        (0..2).for_each(|key| map.store(key, 0));
        let other = go!([map] { (0..2).for_each(|key| map.store(key, 1)) });
        let mut values = Vec::new();
        map.range(|_, value| {
            values.push(*value);
            true
        });
        other.join().unwrap();
        values[0] != values[1]
    });
}

/// R4, as it was reported.
#[test]
fn dl_10_an_unlock_within_an_initialiser() {
    sees_both(|| {
        let (cell, lock, seen) = (Arc::new(OnceCell::new()), Arc::new(Mutex::new(())), chan!(bool, 1));
        cell.get_or_init(|| {
            let guard = lock.lock();
            go!([cell, lock, seen] {
                let _guard = lock.lock();
                send!(seen <- cell.get().is_some());
            });
            drop(guard);
        });
        recv!(seen)
    });
}
