//! Rows DL-01, MU-05, RW-03, ON-03 and GO-22, of deadlocks that only some goroutines are in: they are reported while the others
//! go on, with the places of both sides, and no program is accused that would go on.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use crate::common::process::scenarios;
use crate::common::{panic_of, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::sync::{Lazy, Mutex, Once, RwLock, RwLockWriteGuard};
use gochan::time::sleep;
use gochan::{Builder, JoinHandle, runtime, scope};

scenarios!(in_real_time, in_any_order);

/// Something that never ends.
pub(super) const AGES: Duration = Duration::from_secs(3600);

pub(super) fn attribute() -> gochan::__private::Test {
    gochan::__private::Test::new()
}

/// Goes on whatever happens to the others.
pub(super) fn somebody_lives() {
    go!({
        loop {
            sleep(Duration::from_millis(2));
        }
    });
}

pub(super) fn named<T: Send + 'static>(name: &str, f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    Builder::new().name(name).spawn(f)
}

/// Comes back when as many as there are have come.
#[derive(Clone)]
pub(super) struct Meeting(WaitGroup);

impl Meeting {
    pub(super) fn of(count: isize) -> Meeting {
        let wg = WaitGroup::new();
        wg.add(count);
        Meeting(wg)
    }

    pub(super) fn meet(&self) {
        self.0.done();
        self.0.wait();
    }
}

pub(super) type Shared<T> = Arc<(T, T)>;

// What deadlocks, and how it is told.

fn two_locks_in_two_orders() {
    somebody_lives();
    let locks: Shared<Mutex<u32>> = Arc::default();
    let meeting = Meeting::of(2);
    let one = {
        let (locks, meeting) = (locks.clone(), meeting.clone());
        named("one", move || {
            let first = locks.0.lock();
            meeting.meet();
            *first + *locks.1.lock()
        })
    };
    named("two", move || {
        let first = locks.1.lock();
        meeting.meet();
        *first + *locks.0.lock()
    });
    let _ = one.join();
}

fn a_lock_locked_twice() {
    somebody_lives();
    let lock = Mutex::new(1);
    let first = lock.try_lock().unwrap();
    assert_eq!(*first, *lock.lock());
}

fn three_in_a_circle() {
    somebody_lives();
    let locks: Arc<[Mutex<()>; 3]> = Arc::default();
    let meeting = Meeting::of(3);
    for i in 0..3 {
        let (locks, meeting) = (locks.clone(), meeting.clone());
        go!({
            let _one = locks[i].lock();
            meeting.meet();
            drop(locks[(i + 1) % 3].lock());
        });
    }
    sleep(AGES);
}

fn an_upgrade() {
    somebody_lives();
    let lock = RwLock::new(());
    let _reader = lock.read();
    drop(lock.write());
}

fn a_downgraded_writer_that_writes() {
    somebody_lives();
    let lock = RwLock::new(());
    let _reader = RwLockWriteGuard::downgrade(lock.write());
    drop(lock.write());
}

fn a_reader_that_reads_behind_a_writer() {
    somebody_lives();
    let lock = Arc::new(RwLock::new(()));
    let _reader = lock.try_read().unwrap();
    let writer = {
        let lock = lock.clone();
        named("writer", move || drop(lock.write()))
    };
    while lock.try_read().is_some() {
        runtime::gosched();
    }
    // It holds off new readers, but does it wait yet?
    let _ = writer;
    drop(lock.read());
}

fn a_join_of_one_that_wants_the_lock() {
    somebody_lives();
    let lock = Arc::new(Mutex::new(()));
    let _guard = lock.lock();
    let child = {
        let lock = lock.clone();
        named("child", move || drop(lock.lock()))
    };
    let _ = child.join();
}

fn two_that_join_each_other() {
    somebody_lives();
    let handles = [(); 2].map(|()| chan!(JoinHandle<()>, 1));
    let joins = |index: usize| {
        let handle = handles[index].clone();
        go!({
            let _ = handle.recv().unwrap().join();
        })
    };
    let (one, other) = (joins(0), joins(1));
    send!(handles[0] <- other);
    send!(handles[1] <- one);
    sleep(AGES);
}

fn a_scope_with_the_lock() {
    somebody_lives();
    let lock = Mutex::new(());
    let guard = lock.lock();
    scope(|s| {
        s.go(|| drop(lock.lock()));
        s.go(|| sleep(Duration::from_millis(1)));
    });
    drop(guard);
}

fn a_group_with_the_lock() {
    somebody_lives();
    let lock = Arc::new(Mutex::new(()));
    let wg = WaitGroup::new();
    let guard = lock.lock();
    for _ in 0..3 {
        let lock = lock.clone();
        wg.go(move || drop(lock.lock()));
    }
    wg.wait();
    drop(guard);
}

fn two_initialisers() {
    static MEETING: LazyLock<Meeting> = LazyLock::new(|| Meeting::of(2));
    static ONE: Lazy<u32> = Lazy::new(|| {
        MEETING.meet();
        *OTHER + 1
    });
    static OTHER: Lazy<u32> = Lazy::new(|| {
        MEETING.meet();
        *ONE + 1
    });
    somebody_lives();
    go!({ *ONE });
    let _ = *OTHER;
}

fn an_initialiser_that_wants_the_lock() {
    somebody_lives();
    let shared = Arc::new((Mutex::new(()), Once::new()));
    let meeting = Meeting::of(2);
    let runs = {
        let (shared, meeting) = (shared.clone(), meeting.clone());
        named("runs", move || {
            shared.1.call_once(|| {
                meeting.meet();
                drop(shared.0.lock());
            });
        })
    };
    let _guard = shared.0.lock();
    meeting.meet();
    shared.1.call_once(|| unreachable!("it has begun"));
    let _ = runs.join();
}

fn a_guard_that_is_forgotten() {
    somebody_lives();
    let lock = Arc::new(Mutex::new(()));
    let forgets = {
        let lock = lock.clone();
        named("forgets", move || std::mem::forget(lock.lock()))
    };
    forgets.join().unwrap();
    drop(lock.lock());
}

fn a_reader_that_is_forgotten() {
    somebody_lives();
    let lock = Arc::new(RwLock::new(()));
    let (go_on, waits) = (chan!(()), chan!(()));
    go!([lock, go_on] {
        let reader = lock.read();
        recv!(go_on);
        std::mem::forget(reader);
    });
    let writer = go!([lock, waits] {
        while lock.try_write().is_some() {
            runtime::gosched();
        }
        close!(waits);
        drop(lock.write());
    });
    recv!(waits);
    close!(go_on);
    let _ = writer.join();
}

/// Each with what the report must say besides the places.
const DEADLOCKS: &[(fn(), &str)] = &[
    (two_locks_in_two_orders, "2 goroutines wait for each other"),
    (a_lock_locked_twice, "a goroutine waits for itself"),
    (three_in_a_circle, "3 goroutines wait for each other"),
    (an_upgrade, "a goroutine waits for itself"),
    (a_downgraded_writer_that_writes, "a goroutine waits for itself"),
    (a_reader_that_reads_behind_a_writer, "2 goroutines wait for each other"),
    (a_join_of_one_that_wants_the_lock, "2 goroutines wait for each other"),
    (two_that_join_each_other, "2 goroutines wait for each other"),
    (a_scope_with_the_lock, "2 goroutines wait for each other"),
    (a_group_with_the_lock, "2 goroutines wait for each other"),
    (two_initialisers, "2 goroutines wait for each other"),
    (an_initialiser_that_wants_the_lock, "2 goroutines wait for each other"),
    (a_guard_that_is_forgotten, "a goroutine has ended and left locked what others wait for"),
    (a_reader_that_is_forgotten, "a goroutine has ended and left locked what others wait for"),
];

#[track_caller]
pub(super) fn is_told(text: &str, symptom: &str) {
    assert!(text.contains(&format!("deadlock: {symptom}\n")), "no {symptom:?} in: {text}");
    assert!(text.contains(": waits in ") && text.contains("tests/process/deadlock_"), "{text}");
}

fn in_real_time() {
    for &(body, symptom) in DEADLOCKS {
        let start = Instant::now();
        is_told(&panic_of(|| attribute().run(body)), symptom);
        // The timeout would be a minute.
        assert!(start.elapsed() < Duration::from_secs(20), "{symptom}");
    }
}

#[test]
fn dl_01_a_test_fails_at_once_when_some_of_its_goroutines_wait_for_each_other() {
    for (backend, workers) in [("coroutines", 1), ("coroutines", 3), ("threads", 1)] {
        scenario("in_real_time").backend(backend).workers(workers).run().prints("");
    }
}

fn in_any_order() {
    for &(body, symptom) in DEADLOCKS {
        is_told(&panic_of(|| attribute().virtual_time().run(body)), symptom);
        if symptom.starts_with("2") && body as usize == two_initialisers as fn() as usize {
            // Its statics can be used once.
            continue;
        }
        is_told(&panic_of(|| attribute().explore(20).run(body)), symptom);
    }
}

#[test]
fn dl_01_virtual_time_and_exploration_see_a_deadlock_beside_a_ticker() {
    scenario("in_any_order").run().prints("");
}

fn panic_text(body: fn()) -> String {
    panic_of(|| attribute().run(body))
}

/// The lines of this file that `text` names.
fn lines(text: &str) -> Vec<u32> {
    let parts = text.split("deadlock_partial.rs:").skip(1);
    parts.map(|part| part.split(':').next().unwrap().parse().unwrap()).collect()
}

/// The line of this file that ends in `mark`.
fn line_of(mark: &str) -> u32 {
    let found = include_str!("deadlock_partial.rs").lines().position(|line| line.ends_with(mark));
    found.expect("it is marked") as u32 + 1
}

#[test]
fn mu_05_a_deadlock_of_locks_is_told_with_where_each_was_locked_and_is_waited_for() {
    fn body() {
        somebody_lives();
        let locks: Shared<Mutex<u32>> = Arc::default();
        let meeting = Meeting::of(2);
        {
            let (locks, meeting) = (locks.clone(), meeting.clone());
            named("one", move || {
                let _first = locks.0.lock(); // one has
                meeting.meet();
                drop(locks.1.lock()); // one wants
            });
        }
        named("two", move || {
            let _first = locks.1.lock(); // two has
            meeting.meet();
            drop(locks.0.lock()); // two wants
        });
        sleep(AGES);
    }
    let _watchdog = watchdog();
    let text = panic_text(body);
    for (name, wants, holds) in
        [("`one`", "// one wants", "// two has"), ("`two`", "// two wants", "// one has")]
    {
        let paragraph = text.split("\n    goroutine").find(|part| part.contains(&format!("{name}: waits")));
        let paragraph = paragraph.unwrap_or_else(|| panic!("no {name} in: {text}"));
        assert_eq!(lines(paragraph)[..2], [line_of(wants), line_of(holds)], "{text}");
        assert!(paragraph.contains(": waits in Mutex lock at "), "{text}");
        assert!(paragraph.contains(", held by goroutine "), "{text}");
    }
}

#[test]
fn rw_03_an_upgrade_is_told_with_where_the_lock_was_locked_for_reading() {
    let _watchdog = watchdog();
    let text = panic_text(an_upgrade);
    let named = lines(&text);
    assert_eq!(named[0], named[1] + 1, "{text}");
    assert!(text.contains(": waits in RwLock write at ") && text.contains(", held by goroutine "), "{text}");
}

#[test]
fn on_03_initialisers_that_wait_for_each_other_are_told() {
    let _watchdog = watchdog();
    let text = panic_text(two_initialisers);
    assert!(text.contains(": waits in Once at ") && text.contains(", run by goroutine "), "{text}");
}

#[test]
fn go_22_a_join_of_one_that_waits_for_the_caller_is_told() {
    let _watchdog = watchdog();
    let text = panic_text(a_join_of_one_that_wants_the_lock);
    assert!(text.contains(": waits in join at ") && text.contains(", until goroutine "), "{text}");
    assert!(text.contains("`child` has ended"), "{text}");
}

#[test]
fn dl_01_the_search_needs_no_more_than_the_smallest_stack() {
    let _watchdog = watchdog();
    is_told(
        &panic_text(|| {
            somebody_lives();
            let locks: Arc<[Mutex<()>; 3]> = Arc::default();
            let meeting = Meeting::of(3);
            for i in 0..3 {
                let (locks, meeting) = (locks.clone(), meeting.clone());
                Builder::new().stack_size(1).name("a small one").spawn(move || {
                    let _one = locks[i].lock();
                    meeting.meet();
                    drop(locks[(i + 1) % 3].lock());
                });
            }
            sleep(AGES);
        }),
        "3 goroutines wait for each other",
    );
}

// What is left to go on.

#[test]
fn dl_01_goroutines_that_may_be_left_may_be_left_deadlocked() {
    let _watchdog = watchdog();
    fn body() {
        let lock: &Mutex<()> = Box::leak(Box::default());
        let stuck = named("stuck", || {
            let _first = lock.lock();
            drop(lock.lock());
        });
        until_waiting(&stuck);
        // Longer than the test would be given.
        sleep(Duration::from_millis(200));
    }
    attribute().allow(&["stuck"]).run(body);
    attribute().allow(&["stuck"]).virtual_time().run(|| {
        let lock: &Mutex<()> = Box::leak(Box::default());
        named("stuck", || {
            let _first = lock.lock();
            drop(lock.lock());
        });
        sleep(AGES);
    });
    let text = panic_of(|| attribute().run(body));
    is_told(&text, "a goroutine waits for itself");
}

// Programs.
