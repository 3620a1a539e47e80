//! Rows DL-01, MU-05, RW-03, ON-03 and GO-22, of deadlocks that only some goroutines are in: they are reported while the others
//! go on, with the places of both sides, and no program is accused that would go on.

mod common;

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use common::process::{Outcome, scenario, scenarios};
use common::{panic_of, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::sync::{Cond, Lazy, Mutex, Once, OnceCell, RwLock, RwLockWriteGuard};
use gochan::time::sleep;
use gochan::{Builder, JoinHandle, runtime, scope};

scenarios!(
    in_real_time,
    in_any_order,
    two_of_a_program,
    a_goroutine_and_a_thread,
    threads_alone,
    one_after_the_other,
    all_of_a_program,
    nobody_wants_to_know,
    a_dump_of_two,
    guards_that_wander,
);

/// Something that never ends.
const AGES: Duration = Duration::from_secs(3600);

fn attribute() -> gochan::__private::Test {
    gochan::__private::Test::new()
}

/// Goes on whatever happens to the others.
fn somebody_lives() {
    go!({
        loop {
            sleep(Duration::from_millis(2));
        }
    });
}

fn named<T: Send + 'static>(name: &str, f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    Builder::new().name(name).spawn(f)
}

/// Comes back when as many as there are have come.
#[derive(Clone)]
struct Meeting(WaitGroup);

impl Meeting {
    fn of(count: isize) -> Meeting {
        let wg = WaitGroup::new();
        wg.add(count);
        Meeting(wg)
    }

    fn meet(&self) {
        self.0.done();
        self.0.wait();
    }
}

type Shared<T> = Arc<(T, T)>;

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
fn is_told(text: &str, symptom: &str) {
    assert!(text.contains(&format!("deadlock: {symptom}\n")), "no {symptom:?} in: {text}");
    assert!(text.contains(": waits in ") && text.contains("tests/deadlock_partial.rs:"), "{text}");
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

/// Each of these waits for something that somebody will bring about.
mod alive {
    use super::*;

    pub(super) fn a_holder_that_waits_for_a_message() {
        let lock = Arc::new(Mutex::new(0));
        let (message, asks) = (chan!(u32), chan!(()));
        let holder = go!([lock, message, asks] {
            let mut guard = lock.lock();
            close!(asks);
            *guard = recv!(message);
        });
        recv!(asks);
        let waiter = go!([lock] { *lock.lock() });
        until_waiting(&waiter);
        sleep(Duration::from_millis(80));
        send!(message <- 7);
        assert_eq!(waiter.join().unwrap(), 7);
        holder.join().unwrap();
    }

    /// The reader has been let in and has not gone on yet, while another writer waits.
    pub(super) fn a_reader_that_was_let_in() {
        let lock = Arc::new(RwLock::new(0));
        let writer = lock.write();
        let handle = chan!(JoinHandle<u32>, 1);
        let first = go!([lock, handle] {
            let guard = lock.read();
            handle.recv().unwrap().join().unwrap() + *guard
        });
        until_waiting(&first);
        let second = go!([lock] { *lock.read() });
        until_waiting(&second);
        send!(handle <- second);
        let next = go!([lock] { *lock.write() += 1 });
        until_waiting(&next);
        drop(writer);
        assert_eq!(first.join().unwrap(), 0);
        next.join().unwrap();
    }

    /// A second lock of one that is held, but for no longer than another one takes.
    pub(super) fn a_condition() {
        let shared = Arc::new((Mutex::new(false), Cond::new()));
        let waiter = go!([shared] {
            let mut guard = shared.0.lock();
            while !*guard {
                guard = shared.1.wait(guard);
            }
        });
        until_waiting(&waiter);
        let guard = shared.0.lock();
        shared.1.signal();
        sleep(Duration::from_millis(20));
        drop(guard);
        *shared.0.lock() = true;
        shared.1.signal();
        waiter.join().unwrap();
    }

    pub(super) fn an_initialiser_that_fails() {
        let cell: Arc<OnceCell<u32>> = Arc::default();
        let go_on = chan!(());
        let fails = go!([cell, go_on] {
            let _ = cell.get_or_try_init(|| {
                recv!(go_on);
                Err(())
            });
        });
        until_waiting(&fails);
        let rest: Vec<_> = (0..3).map(|i| go!([cell] { *cell.get_or_init(|| i) })).collect();
        rest.iter().for_each(until_waiting);
        close!(go_on);
        rest.into_iter().for_each(|one| assert!(one.join().is_ok()));
    }

    /// Counts that are none of `go`'s may be taken back by anybody.
    pub(super) fn a_group_that_others_count_as_well() {
        let (wg, lock) = (WaitGroup::new(), Arc::new(Mutex::new(())));
        let guard = lock.lock();
        wg.add(1);
        wg.go(|| sleep(Duration::from_millis(10)));
        let child = go!([lock] { drop(lock.lock()) });
        until_waiting(&child);
        // On behalf of the child, which still waits.
        go!([wg] {
            sleep(Duration::from_millis(20));
            wg.done();
        });
        wg.wait();
        drop(guard);
        child.join().unwrap();
    }

    pub(super) fn a_scope_that_ends() {
        let lock = Mutex::new(0);
        for _ in 0..20 {
            scope(|s| {
                for _ in 0..4 {
                    s.go(|| {
                        let mut guard = lock.lock();
                        runtime::gosched();
                        *guard += 1;
                    });
                }
            });
        }
        assert_eq!(*lock.lock(), 80);
    }

    pub(super) fn locks_in_order() {
        let locks: Arc<[Mutex<u64>; 5]> = Arc::default();
        let wg = WaitGroup::new();
        for seed in 0..8_usize {
            let locks = locks.clone();
            wg.go(move || {
                for round in 0..100 {
                    let (a, b) = ((seed + round) % 5, (seed * 3 + round * 7) % 5);
                    if a == b {
                        continue;
                    }
                    let mut one = locks[a.min(b)].lock();
                    if round % 3 == 0 {
                        runtime::gosched();
                    }
                    let mut other = locks[a.max(b)].lock();
                    (*one, *other) = (*one + 1, *other + 1);
                }
            });
        }
        wg.wait();
    }

    pub(super) fn tries_out_of_order() {
        let locks: Shared<Mutex<u64>> = Arc::default();
        let turn = |first: bool| {
            let locks = locks.clone();
            go!({
                let mut done = 0;
                while done < 100 {
                    let (one, other) = if first { (&locks.0, &locks.1) } else { (&locks.1, &locks.0) };
                    let held = one.lock();
                    runtime::gosched();
                    match other.try_lock() {
                        Some(_) => done += 1,
                        None => drop(held),
                    }
                    runtime::gosched();
                }
            })
        };
        let both = [turn(true), turn(false)];
        both.into_iter().for_each(|one| one.join().unwrap());
    }

    pub(super) fn readers_and_writers() {
        let lock = Arc::new(RwLock::new(0));
        let wg = WaitGroup::new();
        for seed in 0..8 {
            let lock = lock.clone();
            wg.go(move || {
                for round in 0..100 {
                    match (seed + round) % 4 {
                        0 => *lock.write() += 1,
                        1 => drop(RwLockWriteGuard::downgrade(lock.write())),
                        2 => drop((lock.read(), runtime::gosched())),
                        _ => drop((lock.try_write(), runtime::gosched())),
                    }
                }
            });
        }
        wg.wait();
    }

    pub(super) fn joins_of_joins() {
        let mut last = go!({ 0_u32 });
        for _ in 0..100 {
            last = go!({ last.join().unwrap() + 1 });
        }
        assert_eq!(last.join().unwrap(), 100);
    }

    pub(super) const PROGRAMS: &[fn()] = &[
        a_holder_that_waits_for_a_message,
        a_reader_that_was_let_in,
        a_condition,
        an_initialiser_that_fails,
        a_group_that_others_count_as_well,
        a_scope_that_ends,
        locks_in_order,
        tries_out_of_order,
        readers_and_writers,
        joins_of_joins,
    ];
}

#[test]
fn dl_02_programs_that_go_on_are_not_called_deadlocked() {
    let _watchdog = watchdog();
    for &body in alive::PROGRAMS {
        for _ in 0..5 {
            attribute().run(body);
        }
        attribute().virtual_time().run(body);
    }
}

#[test]
fn dl_02_no_order_of_a_right_program_is_called_a_deadlock() {
    let _watchdog = watchdog();
    for body in [alive::a_scope_that_ends, alive::joins_of_joins, alive::locks_in_order] {
        attribute().explore(20).run(body);
    }
    // The first reader joins one that was let in with it, and may not have gone on when another writer waits.
    attribute().explore(1000).run(|| {
        let lock = Arc::new(RwLock::new(0));
        let writer = lock.write();
        let joined = go!([lock] { *lock.read() });
        let joins = go!([lock] {
            let _guard = lock.read();
            joined.join().unwrap()
        });
        let next = go!([lock] { *lock.write() += 1 });
        // Most often, all three wait by now.
        (0..20).for_each(|_| runtime::gosched());
        drop(writer);
        // Behind a writer that waits for `joins`, `joined` would be held off for ever.
        let _ = (joins.is_finished(), next.is_finished());
        assert!(joins.join().is_ok() && next.join().is_ok());
    });
    attribute().explore(300).run(|| {
        let lock = Arc::new(RwLock::new(0));
        let all: Vec<_> = (0..4)
            .map(|i| {
                go!([lock] {
                    if i % 2 == 0 {
                        *lock.write() += 1;
                    }
                    *lock.read()
                })
            })
            .collect();
        all.into_iter().for_each(|one| assert!(one.join().is_ok()));
    });
}

// Programs.

/// Lets two goroutines wait for each other.
fn knot() -> [JoinHandle<()>; 2] {
    let locks: &Shared<Mutex<()>> = Box::leak(Box::default());
    let meeting = Meeting::of(2);
    let one = {
        let meeting = meeting.clone();
        named("one", move || {
            let _first = locks.0.lock();
            meeting.meet();
            drop(locks.1.lock());
        })
    };
    let two = named("two", move || {
        let _first = locks.1.lock();
        meeting.meet();
        drop(locks.0.lock());
    });
    [one, two]
}

/// Longer than it takes until a deadlock is told.
fn goes_on() {
    let end = Instant::now() + Duration::from_millis(600);
    while Instant::now() < end {
        sleep(Duration::from_millis(2));
    }
}

#[gochan::main]
fn two_of_a_program() {
    knot();
    goes_on();
    println!("others go on");
}

fn watched(name: &str) -> Outcome {
    scenario(name).env("GOCHAN_DEADLOCK", "watch").run()
}

fn warnings(outcome: &Outcome) -> usize {
    outcome.stderr.matches("gochan: warning: deadlock: ").count()
}

#[test]
fn dl_01_a_program_says_once_that_some_wait_for_each_other_and_goes_on() {
    let outcome = watched("two_of_a_program");
    outcome.prints("others go on\n");
    assert_eq!(warnings(&outcome), 1, "{outcome:#?}");
    is_told(&outcome.stderr, "2 goroutines wait for each other");
    assert!(outcome.stderr.contains("`one`") && outcome.stderr.contains("`two`"), "{outcome:#?}");
}

#[test]
fn dl_01_builds_with_debug_assertions_look_without_being_asked() {
    let outcome = scenario("two_of_a_program").without("GOCHAN_DEADLOCK").run();
    outcome.prints("others go on\n");
    assert_eq!(warnings(&outcome), usize::from(cfg!(debug_assertions)), "{outcome:#?}");
}

#[gochan::main]
fn one_after_the_other() {
    let stuck = knot();
    stuck.iter().for_each(until_waiting);
    goes_on();
    // More that wait for those are no news.
    for handle in stuck {
        go!({
            let _ = handle.join();
        });
    }
    goes_on();
    knot();
    goes_on();
}

#[test]
fn dl_01_each_deadlock_is_told_once() {
    let outcome = watched("one_after_the_other");
    assert_eq!((outcome.code(), warnings(&outcome)), (Some(0), 2), "{outcome:#?}");
}

#[gochan::main]
fn a_goroutine_and_a_thread() {
    let locks: &Shared<Mutex<()>> = Box::leak(Box::default());
    let meeting = Meeting::of(2);
    let thread = {
        let meeting = meeting.clone();
        thread::Builder::new().name("outsider".to_owned()).spawn(move || {
            let _first = locks.0.lock();
            meeting.meet();
            drop(locks.1.lock());
        })
    };
    named("insider", move || {
        let _first = locks.1.lock();
        meeting.meet();
        drop(locks.0.lock());
    });
    goes_on();
    drop(thread);
}

fn threads_alone() {
    let locks: &Shared<Mutex<()>> = Box::leak(Box::default());
    let barrier: &std::sync::Barrier = Box::leak(Box::new(std::sync::Barrier::new(2)));
    for name in ["one", "two"] {
        let body = move || {
            let (first, second) = if name == "one" { (&locks.0, &locks.1) } else { (&locks.1, &locks.0) };
            let _first = first.lock();
            barrier.wait();
            drop(second.lock());
        };
        thread::Builder::new().name(name.to_owned()).spawn(body).unwrap();
    }
    thread::sleep(Duration::from_millis(600));
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "nothing reads the settings before the first goroutine")]
fn dl_01_threads_count_as_goroutines_do_while_they_wait() {
    let outcome = watched("threads_alone");
    assert_eq!((outcome.code(), warnings(&outcome)), (Some(0), 1), "{outcome:#?}");
    for name in ["thread `one`: waits in Mutex lock at ", "thread `two`: waits in Mutex lock at "] {
        assert!(outcome.stderr.contains(name), "{outcome:#?}");
    }
}

#[test]
fn dl_01_a_goroutine_and_a_thread_may_wait_for_each_other() {
    let outcome = watched("a_goroutine_and_a_thread");
    assert_eq!((outcome.code(), warnings(&outcome)), (Some(0), 1), "{outcome:#?}");
    assert!(outcome.stderr.contains("thread `outsider`: waits in Mutex lock at "), "{outcome:#?}");
    assert!(outcome.stderr.contains("`insider`: waits in Mutex lock at "), "{outcome:#?}");
}

#[gochan::main]
fn all_of_a_program() {
    for stuck in knot() {
        let _ = stuck.join();
    }
}

#[test]
fn dl_01_a_deadlock_of_all_is_told_as_that_and_with_who_holds_what() {
    let outcome = watched("all_of_a_program");
    assert_eq!(outcome.code(), Some(2), "{outcome:#?}");
    assert!(
        outcome.stderr.starts_with("fatal error: all goroutines are asleep - deadlock!\n\n"),
        "{outcome:#?}"
    );
    assert_eq!(warnings(&outcome), 0, "{outcome:#?}");
    let held = outcome.stderr.lines().filter(|line| line.contains(": held by goroutine ")).count();
    assert_eq!(held, 2, "{outcome:#?}");
}

#[gochan::main]
fn nobody_wants_to_know() {
    knot();
    goes_on();
}

#[test]
fn dl_02_the_report_of_some_can_be_switched_off() {
    let outcome = scenario("nobody_wants_to_know").env("GOCHAN_DEADLOCK", "ignore").run();
    outcome.prints("");
    assert_eq!(warnings(&outcome), 0, "{outcome:#?}");
}

#[gochan::main]
fn a_dump_of_two() {
    let stuck = knot();
    stuck.iter().for_each(until_waiting);
    goes_on();
    println!("{}", runtime::dump());
    for finding in runtime::profile().findings() {
        println!("found: {}: {}", finding.kind, finding.text.lines().next().unwrap_or_default());
    }
}

#[test]
fn dl_06_dumps_and_profiles_name_the_deadlocks_that_are_known() {
    let outcome = watched("a_dump_of_two");
    is_told(&outcome.stdout, "2 goroutines wait for each other");
    assert!(outcome.stdout.contains("\nfound: deadlock: deadlock: 2 goroutines"), "{}", outcome.stdout);
}

/// Guards stay on their threads; a thread-local can hand one to another goroutine there.
#[gochan::main]
fn guards_that_wander() {
    use std::cell::RefCell;
    thread_local!(static GUARD: RefCell<Option<gochan::sync::MutexGuard<'static, ()>>> = const { RefCell::new(None) });
    let lock: &'static Mutex<()> = Box::leak(Box::default());
    for _ in 0..2 {
        let takes = go!({ GUARD.set(Some(lock.lock())) });
        until_finished(&takes);
        let waits = go!({ drop(lock.lock()) });
        until_waiting(&waits);
        go!({ drop(GUARD.take()) }).join().unwrap();
        waits.join().unwrap();
    }
    goes_on();
}

fn until_finished<T>(handle: &JoinHandle<T>) {
    while !handle.is_finished() {
        runtime::gosched();
    }
}

#[test]
fn dl_02_once_a_guard_has_been_handed_about_nothing_is_called() {
    let outcome =
        scenario("guards_that_wander").backend("coroutines").workers(1).env("GOCHAN_DEADLOCK", "watch").run();
    outcome.prints("");
    // The first time it looks as if the goroutine had left it locked.
    assert!(warnings(&outcome) <= 1, "{outcome:#?}");
}
