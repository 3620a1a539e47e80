//! `Backend::Virtual`: to all code, a goroutine is a thread. Each scenario runs on one worker unless it says otherwise, so that
//! goroutines which shared thread-locals, or a lock's owner, would meet.

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock, mpsc};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::common::exploration::{DEADLOCK, finds, passes};
use crate::common::process::{Outcome, scenarios};
use crate::common::until;
use gochan::prelude::*;
use gochan::runtime::gosched;

scenarios!(
    locals,
    ends,
    ends_that_wait,
    second_stack,
    critical,
    std_locks,
    parked,
    with_threads,
    stdout_held,
    unwinding,
    users,
    lives,
    deadlock,
    explored,
    scoped_thread
);

fn on_virtual(name: &str, workers: usize) -> Outcome {
    let outcome = scenario(name).backend("virtual").workers(workers).run();
    assert!(!outcome.stderr.contains("not possible here"), "{outcome:#?}");
    outcome
}

/// Runs `main` as a goroutine.
fn goroutine<T: Send + 'static>(main: impl FnOnce() -> T + Send + 'static) -> T {
    gochan::go!({ main() }).join().expect("it does not panic")
}

thread_local! {
    static PLAIN: Cell<u32> = const { Cell::new(7) };
    static LIST: RefCell<Vec<usize>> = RefCell::new(vec![1, 2, 3]);
    static LATE: ThreadId = {
        gosched();
        thread::current().id()
    };
}

fn locals() {
    goroutine(|| {
        let gate = chan!(());
        let all: Vec<_> = (0..100)
            .map(|index| {
                let gate = gate.clone();
                gochan::go!({
                    assert_eq!(PLAIN.replace(index as u32), 7);
                    // SAFETY: the calling thread's own `errno`.
                    let errno = unsafe { libc::__errno_location() };
                    // SAFETY: as above.
                    unsafe { errno.write(index as i32) };
                    LIST.with_borrow_mut(|list| {
                        list.push(index);
                        gate.recv();
                        assert_eq!(*list, [1, 2, 3, index]);
                    });
                    // SAFETY: as above.
                    assert_eq!(unsafe { errno.read() }, index as i32);
                    assert_eq!(PLAIN.get(), index as u32);
                    assert_eq!(LATE.with(|id| *id), thread::current().id());
                    thread::current().id()
                })
            })
            .collect();
        gosched();
        gochan::close!(gate);
        let ids: HashSet<_> = all.into_iter().map(|one| one.join().expect("no panic")).collect();
        assert_eq!(ids.len(), 100);
    });
}

static ENDED: AtomicUsize = AtomicUsize::new(0);

struct Ends;
impl Drop for Ends {
    fn drop(&mut self) {
        ENDED.fetch_add(1, SeqCst);
    }
}
thread_local!(static ENDS: RefCell<Option<Ends>> = const { RefCell::new(None) });

fn ends() {
    for round in 1..=50 {
        goroutine(|| {
            let _ = thread::current();
            ENDS.set(Some(Ends));
        });
        assert_eq!(ENDED.load(SeqCst), round);
    }
}

struct Waits(Option<(Chan<u32>, u32)>);
impl Drop for Waits {
    fn drop(&mut self) {
        if let Some((chan, value)) = self.0.take() {
            gosched();
            let _ = chan.send(value);
            assert_eq!(PLAIN.get(), value, "the goroutine still has its thread-locals");
        }
    }
}
thread_local!(static WAITS: RefCell<Waits> = const { RefCell::new(Waits(None)) });

fn ends_that_wait() {
    goroutine(|| {
        let chan = chan!(u32);
        for value in 0..20 {
            let chan = chan.clone();
            gochan::go!({
                PLAIN.set(value);
                WAITS.set(Waits(Some((chan, value))));
            });
        }
        assert_eq!((0..20).map(|_| chan.recv().expect("open")).sum::<u32>(), 190);
    });
}

/// A sound crate that keeps a stack of its own in a thread-local.
fn second_stack() {
    goroutine(|| {
        let told = chan!(usize);
        let hold = |mark: u64| {
            let (until, told) = (chan!(()), told.clone());
            let gate = until.clone();
            let handle = gochan::go!({
                second_stack::buffer((0..1000).map(|_| mark), |slice| {
                    let _ = told.send(0);
                    gate.recv();
                    let _ = told.send(slice.iter().filter(|&&word| word != mark).count());
                });
            });
            (handle, until)
        };
        let (a, gate_a) = hold(0xa);
        told.recv();
        let (b, gate_b) = hold(0xb);
        told.recv();
        gochan::close!(gate_a);
        assert_eq!(told.recv(), Some(0));
        a.join().expect("no panic");
        let (c, gate_c) = hold(0xc);
        told.recv();
        gochan::close!(gate_b);
        assert_eq!(told.recv(), Some(0), "words of another goroutine");
        gochan::close!(gate_c);
        assert_eq!(told.recv(), Some(0));
        b.join().expect("no panic");
        c.join().expect("no panic");
    });
}

/// A critical section held across a wait excludes goroutines of the same worker, and threads.
fn critical() {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    fn enter() {
        critical_section::with(|_| {
            assert_eq!(INSIDE.fetch_add(1, SeqCst), 0);
            gosched();
            INSIDE.fetch_sub(1, SeqCst);
        });
    }
    goroutine(|| {
        let all: Vec<_> = (0..10).map(|_| gochan::go!({ (0..20).for_each(|_| enter()) })).collect();
        let thread = thread::spawn(|| {
            (0..20).for_each(|_| critical_section::with(|_| assert_eq!(INSIDE.load(SeqCst), 0)));
        });
        all.into_iter().for_each(|one| one.join().expect("no panic"));
        thread.join().expect("no panic");
    });
}

fn std_locks() {
    goroutine(|| {
        let (mutex, rwlock) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
        let (barrier, once) = (Arc::new(Barrier::new(10)), Arc::new(OnceLock::new()));
        let all: Vec<_> = (0..10)
            .map(|index| {
                let (mutex, rwlock, barrier, once) =
                    (mutex.clone(), rwlock.clone(), barrier.clone(), once.clone());
                gochan::go!({
                    for _ in 0..20 {
                        let mut value = mutex.lock().expect("no panic");
                        let before = *value;
                        gosched();
                        *value = before + 1;
                        drop(value);
                        let mut value = rwlock.write().expect("no panic");
                        let before = *value;
                        gosched();
                        *value = before + 1;
                        drop(value);
                        let value = rwlock.read().expect("no panic");
                        gosched();
                        drop(value);
                    }
                    barrier.wait();
                    *once.get_or_init(|| {
                        gosched();
                        index
                    })
                })
            })
            .collect();
        let seen: HashSet<_> = all.into_iter().map(|one| one.join().expect("no panic")).collect();
        assert_eq!(seen.len(), 1);
        assert_eq!((*mutex.lock().expect("no panic"), *rwlock.read().expect("no panic")), (200, 200));

        let (tx, rx) = mpsc::sync_channel(0);
        let sender = gochan::go!({ (0..100).for_each(|value| tx.send(value).expect("a receiver")) });
        assert_eq!(rx.iter().sum::<u32>(), 4950);
        sender.join().expect("no panic");

        let pair = (Mutex::new(()), Condvar::new());
        let start = Instant::now();
        let guard = pair.0.lock().expect("no panic");
        let (_guard, result) = pair.1.wait_timeout(guard, Duration::from_millis(20)).expect("no panic");
        assert!(result.timed_out() && start.elapsed() >= Duration::from_millis(20));
    });
}

/// `thread::park`, and what dumps say of it.
fn parked() {
    goroutine(|| {
        let handle = chan!(thread::Thread, 1);
        let tell = handle.clone();
        let sleeper = gochan::go!({
            let _ = tell.send(thread::current());
            thread::park();
            thread::park_timeout(Duration::from_millis(5));
        });
        let thread = handle.recv().expect("sent");
        gosched();
        let id = sleeper.id();
        let seen = gochan::runtime::goroutines().into_iter().find(|one| one.id == id).expect("it is alive");
        assert!(format!("{:?}", seen.state).contains("Futex"), "{seen:?}");
        thread.unpark();
        sleeper.join().expect("no panic");
    });
}

/// Goroutines and threads wait for each other.
fn with_threads() {
    goroutine(|| {
        let shared = Arc::new((Mutex::new(0_u32), Condvar::new()));
        let turns = 400;
        let player = |parity: u32, shared: Arc<(Mutex<u32>, Condvar)>| {
            move || {
                for turn in (0..turns).filter(|turn| turn % 4 == parity) {
                    let mut at = shared.0.lock().expect("no panic");
                    while *at != turn {
                        at = shared.1.wait(at).expect("no panic");
                    }
                    *at += 1;
                    shared.1.notify_all();
                }
            }
        };
        let threads: Vec<_> = (0..2).map(|parity| thread::spawn(player(parity, shared.clone()))).collect();
        let goroutines: Vec<_> = (2..4)
            .map(|parity| {
                let play = player(parity, shared.clone());
                gochan::go!({ play() })
            })
            .collect();
        goroutines.into_iter().for_each(|one| one.join().expect("no panic"));
        threads.into_iter().for_each(|one| one.join().expect("no panic"));
    });
}

/// Standard output's lock is re-entrant: by thread, and so by goroutine.
fn stdout_held() {
    goroutine(|| {
        let mut out = std::io::stdout().lock();
        let other = gochan::go!({ println!("b") });
        gosched();
        writeln!(out, "a").expect("a pipe");
        gosched();
        writeln!(out, "a").expect("a pipe");
        drop(out);
        other.join().expect("no panic");
    });
}

struct Sends(Chan<u32>);
impl Drop for Sends {
    fn drop(&mut self) {
        assert!(thread::panicking());
        let _ = self.0.send(1);
    }
}

/// A goroutine that unwinds may wait, and no other one seems to panic.
fn unwinding() {
    goroutine(|| {
        let chan = chan!(u32);
        let sends = Sends(chan.clone());
        let panics = gochan::go!({
            let _sends = sends;
            panic!("on purpose");
        });
        let looker = gochan::go!({
            for _ in 0..100 {
                assert!(!thread::panicking());
                gosched();
            }
        });
        looker.join().expect("no panic");
        assert_eq!(chan.recv(), Some(1));
        assert!(panics.join().is_err());
    });
}

/// All threads of the process change their group, to the one that they have.
fn users() {
    fn change() {
        // SAFETY: numbers only.
        assert_eq!(unsafe { libc::setgid(libc::getgid()) }, 0);
    }
    goroutine(|| {
        let done = Arc::new(AtomicBool::new(false));
        let seen = done.clone();
        let thread = thread::spawn(move || {
            (0..10).for_each(|_| change());
            seen.store(true, SeqCst);
        });
        // No switch: only the signal reaches this goroutine.
        while !done.load(SeqCst) {
            std::hint::spin_loop();
        }
        thread.join().expect("no panic");
        change();
        gosched();
        change();
    });
}

fn lives() {
    goroutine(|| {
        for round in 0..100 {
            let all: Vec<_> = (0..100)
                .map(|index: u32| {
                    gochan::go!({
                        assert_eq!(PLAIN.replace(index), 7);
                        if index.is_multiple_of(3) {
                            ENDS.set(Some(Ends));
                            LIST.with_borrow_mut(|list| list.extend([0; 100]));
                        }
                        let boxed = Box::new(round);
                        gosched();
                        boxed
                    })
                })
                .collect();
            all.into_iter().for_each(|one| assert_eq!(*one.join().expect("no panic"), round));
        }
        assert_eq!(ENDED.load(SeqCst), 3400);
    });
}

fn deadlock() {
    goroutine(|| {
        let mutex = Mutex::new(());
        let _first = mutex.lock();
        let _second = mutex.lock();
    });
}

/// A bounded queue with one condition for both sides: with `notify_one`, a wake may reach the wrong side and be lost.
fn bounded(wakes_all: bool) {
    let shared = Arc::new((Mutex::new(VecDeque::new()), Condvar::new()));
    let tell = move |shared: &(Mutex<VecDeque<u32>>, Condvar)| {
        if wakes_all { shared.1.notify_all() } else { shared.1.notify_one() }
    };
    let puts = (0..3).map(|value| {
        let shared = shared.clone();
        gochan::go!({
            let queue = shared.0.lock().expect("no panic");
            let mut queue = shared.1.wait_while(queue, |queue| !queue.is_empty()).expect("no panic");
            queue.push_back(value);
            tell(&shared);
        })
    });
    let puts: Vec<_> = puts.collect();
    let takes = (0..3).map(|_| {
        let shared = shared.clone();
        gochan::go!({
            let queue = shared.0.lock().expect("no panic");
            let mut queue = shared.1.wait_while(queue, |queue| queue.is_empty()).expect("no panic");
            queue.pop_front();
            tell(&shared);
        })
    });
    let takes: Vec<_> = takes.collect();
    puts.into_iter().chain(takes).for_each(|one| one.join().expect("no panic"));
}

/// Explorations see what waits on std's locks.
fn explored() {
    finds(DEADLOCK, || bounded(false));
    passes(|| bounded(true));
}

/// A test that deadlocks ends its goroutines, but a thread-local not before the threads that it is lent to.
fn scoped_thread() {
    static CHECKED: AtomicUsize = AtomicUsize::new(0);
    struct Table(Vec<u64>);
    impl Drop for Table {
        fn drop(&mut self) {
            self.0.fill(0);
            ENDED.fetch_add(1, SeqCst);
        }
    }
    thread_local!(static TABLE: Table = Table(vec![1; 64]));
    let test = thread::spawn(|| {
        gochan::__private::Test::new().virtual_time().run(|| {
            TABLE.with(|table| {
                thread::scope(|scope| {
                    scope.spawn(|| {
                        thread::sleep(Duration::from_millis(20));
                        let is_whole = table.0.iter().all(|&word| word == 1);
                        CHECKED.store(if is_whole && ENDED.load(SeqCst) == 0 { 1 } else { 2 }, SeqCst);
                    });
                    let never = chan!(());
                    never.recv();
                });
            });
        });
    });
    assert!(test.join().is_err());
    until(|| CHECKED.load(SeqCst) > 0);
    assert_eq!(CHECKED.load(SeqCst), 1);
}

#[test]
fn thread_locals_are_the_goroutines_own() {
    on_virtual("locals", 1).prints("");
    on_virtual("locals", 2).prints("");
}

#[test]
fn destructors_of_thread_locals_run_at_the_end() {
    on_virtual("ends", 1).prints("");
    on_virtual("ends_that_wait", 1).prints("");
    on_virtual("lives", 2).prints("");
}

#[test]
fn crates_that_keep_something_for_each_thread_are_right() {
    on_virtual("second_stack", 1).prints("");
    on_virtual("critical", 1).prints("");
    on_virtual("scoped_thread", 1).prints("");
}

#[test]
fn stds_locks_park_the_goroutine() {
    on_virtual("std_locks", 1).prints("");
    on_virtual("std_locks", 2).prints("");
    on_virtual("parked", 1).prints("");
    on_virtual("stdout_held", 1).prints("a\na\nb\n");
}

#[test]
fn goroutines_and_threads_share_stds_locks() {
    on_virtual("with_threads", 1).prints("");
    on_virtual("with_threads", 2).prints("");
}

#[test]
fn a_goroutine_that_unwinds_may_wait() {
    on_virtual("unwinding", 1).prints("");
}

#[test]
fn changes_of_the_user_reach_workers() {
    on_virtual("users", 2).prints("");
}

#[test]
fn a_deadlock_of_stds_locks_is_reported() {
    on_virtual("deadlock", 1).fails_saying(&["deadlock", "futex wait"]);
}

#[test]
fn explorations_find_a_lost_wake_of_stds_condition() {
    on_virtual("explored", 1).prints("");
}
