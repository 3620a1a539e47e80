//! What becomes of the goroutines that a test leaves behind: they end, and with them what is on their stacks and the thread
//! that they belong to. Row DL-08.

use gochan::context::background;
use gochan::prelude::*;
use gochan::sync::{Cond, Mutex, Once, RwLock, Semaphore, WaitGroup};
use gochan::{Select, block_on, scope};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::common::panic_of;

type Test = gochan::__private::Test;

/// The values that are alive of the test that holds [`alone`].
static ALIVE: AtomicUsize = AtomicUsize::new(0);

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: StdMutex<()> = StdMutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    ALIVE.store(0, SeqCst);
    alone
}

/// Counted while it lives.
struct Value;

impl Value {
    fn new() -> Value {
        ALIVE.fetch_add(1, SeqCst);
        Value
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, SeqCst);
    }
}

/// The reports of the ways to run a body, all of which find its deadlock.
fn in_each_way(body: fn()) -> [String; 3] {
    [
        panic_of(|| Test::new().virtual_time().run(body)),
        panic_of(|| Test::new().explore(3).run(body)),
        panic_of(|| Test::new().explore_all().run(body)),
    ]
}

/// A goroutine with a value on its stack waits for ever.
fn waiting(wait: fn()) {
    go!({
        let _value = Value::new();
        wait();
        panic!("the wait has an end");
    });
    let _value = Value::new();
    recv!(chan!(()));
}

fn send() {
    let ch = chan!(Value);
    send!(ch <- Value::new());
}

fn send_on_full() {
    let ch = chan!(Value, 1);
    (0..2).for_each(|_| send!(ch <- Value::new()));
}

fn recv() {
    chan!(Value).recv();
}

fn iterate() {
    let ch = chan!(Value);
    for _ in &ch {}
}

fn nil() {
    Chan::<Value>::nil().recv();
}

fn select() {
    let (a, b) = (chan!(Value), chan!(Value));
    select! {
        _ = <-a => {}
        b <- Value::new() => {}
    }
}

fn select_nothing() {
    select! {}
}

fn select_by_hand() {
    let (a, b) = (chan!(Value), chan!(Value));
    let mut select = Select::new();
    select.recv(&a);
    select.send(&b, Value::new());
    let _ = select.wait();
}

fn lock() {
    let lock = Arc::new(Mutex::new(Value::new()));
    let other = lock.clone();
    go!({
        let _guard = other.lock();
        recv!(chan!(()));
    });
    gochan::runtime::gosched();
    let _guard = lock.lock();
    let _again = lock.lock();
}

fn read() {
    let lock = RwLock::new(Value::new());
    let _guard = lock.write();
    let _again = lock.read();
}

fn cond() {
    let (lock, cond) = (Mutex::new(Value::new()), Cond::new());
    // gochan-lint: allow(cond_wait_without_loop) the wait has no end
    let _guard = cond.wait(lock.lock());
}

fn wait_group() {
    let wg = WaitGroup::new();
    wg.add(1);
    wg.wait();
}

fn join() {
    let ended = go!({
        let _value = Value::new();
        recv!(chan!(()));
    });
    ended.join().unwrap();
}

fn semaphore() {
    let semaphore = Semaphore::new(1);
    semaphore.acquire(&background(), 1).unwrap();
    let _ = semaphore.acquire(&background(), 1);
}

fn semaphore_with_context() {
    let (ctx, _cancel) = background().with_cancel();
    let semaphore = Semaphore::new(1);
    semaphore.acquire(&ctx, 1).unwrap();
    let _ = semaphore.acquire(&ctx, 1);
}

fn once() {
    let once = Arc::new(Once::new());
    let other = once.clone();
    go!({ other.call_once(recv) });
    gochan::runtime::gosched();
    once.call_once(recv);
}

fn future() {
    block_on(async {
        let _value = Value::new();
        pending::<()>().await;
    });
}

fn future_of_a_channel() {
    let ch = chan!(Value);
    let _ = block_on(ch.send_async(Value::new()));
}

fn of_a_scope() {
    let value = Value::new();
    scope(|s| {
        let value = &value;
        s.go(move || {
            let _own = Value::new();
            recv!(chan!(()));
            let _borrowed = value;
        });
    });
}

fn in_a_scope() {
    let value = Value::new();
    scope(|s| {
        let value = &value;
        s.go(move || {
            recv!(chan!(()));
            let _borrowed = value;
        });
        recv!(chan!(()));
    });
}

#[test]
fn dl_08_each_wait_of_a_deadlock_is_called_off_and_its_values_are_dropped() {
    let _alone = alone();
    macro_rules! waits {
        ($($wait:ident)*) => { [$((stringify!($wait), (|| waiting($wait)) as fn())),*] };
    }
    let waits = waits![
        send send_on_full recv iterate nil select select_nothing select_by_hand lock read cond wait_group join semaphore
        semaphore_with_context once future future_of_a_channel of_a_scope in_a_scope
    ];
    for (name, body) in waits {
        for report in in_each_way(body) {
            assert!(report.contains("wait"), "{name}: {report}");
            assert_eq!(ALIVE.load(SeqCst), 0, "{name}");
        }
    }
}

/// Waits that are not called off end if they wait for something that is given back meanwhile.
#[test]
fn dl_08_a_writer_goes_on_once_the_readers_have_been_called_off() {
    let _alone = alone();
    let body = || {
        let lock = Arc::new(RwLock::new(Value::new()));
        let other = lock.clone();
        go!({
            let _guard = other.read();
            recv!(chan!(()));
        });
        gochan::runtime::gosched();
        let _guard = lock.write();
        recv!(chan!(()));
    };
    for report in in_each_way(body) {
        assert!(report.contains("deadlock!"), "{report}");
        assert_eq!(ALIVE.load(SeqCst), 0);
    }
}

/// The numbers of threads and of mappings.
#[cfg(target_os = "linux")]
fn what_the_process_has() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let of_threads = std::fs::read_dir("/proc/self/task").unwrap().flatten().filter(|task| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("deadlocked"))
    });
    (of_threads.count(), maps.lines().count())
}

#[cfg(target_os = "linux")]
#[test]
fn dl_08_explorations_that_find_deadlocks_do_not_make_the_process_grow() {
    let _alone = alone();
    fn body() {
        let (a, b) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let both = |first: &Arc<Mutex<i32>>, second: &Arc<Mutex<i32>>| {
            go!([first, second] {
                let _first = first.lock();
                *second.lock() += 1;
            })
        };
        let handles = [both(&a, &b), both(&b, &a)];
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    }
    let find = |times: u64| {
        // Their threads have the name of the caller's.
        let find = move || {
            for seed in 0..times {
                let text = panic_of(|| Test::new().explore(1000).first_seed(seed).run(body));
                assert!(text.contains("deadlock!"), "{text}");
            }
        };
        std::thread::Builder::new().name("deadlocked".to_owned()).spawn(find).unwrap().join().unwrap();
        what_the_process_has()
    };
    let (_, before) = find(20);
    let (threads, after) = find(200);
    assert!(threads <= 2, "{threads} threads are left");
    // Tests of other files run meanwhile.
    assert!(after < before + 200, "{before} mappings became {after}");
}

#[test]
fn dl_08_those_that_are_allowed_to_be_left_end_after_all_runs() {
    let _alone = alone();
    let body = || {
        go!({
            let _value = Value::new();
            recv!(chan!(()));
        });
    };
    Test::new().allow(&[file!()]).explore(20).run(body);
    assert_eq!(ALIVE.load(SeqCst), 0);
    Test::new().allow(&[file!()]).virtual_time().run(body);
    assert_eq!(ALIVE.load(SeqCst), 0);
}

#[test]
fn dl_08_those_that_sleep_are_woken_to_end() {
    let _alone = alone();
    let body = || {
        go!({
            let _value = Value::new();
            gochan::time::sleep(Duration::from_secs(3600));
            recv!(chan!(()));
        });
    };
    let text = panic_of(|| Test::new().virtual_time().run(body));
    assert!(text.contains("leaked"), "{text}");
    assert_eq!(ALIVE.load(SeqCst), 0);
}

/// The report of the deadlock comes in any case; those that do not end are kept.
#[test]
fn dl_08_those_that_wait_in_destructors_or_go_on_for_ever_are_kept() {
    struct Waits;
    impl Drop for Waits {
        fn drop(&mut self) {
            recv!(chan!(()));
        }
    }
    struct Polls;
    impl Drop for Polls {
        fn drop(&mut self) {
            loop {
                gochan::runtime::gosched();
            }
        }
    }
    let _alone = alone();
    let bodies: [fn(); 3] = [
        || {
            let _value = Value::new();
            let _waits = Waits;
            recv!(chan!(()));
        },
        || {
            let _value = Value::new();
            let _polls = Polls;
            recv!(chan!(()));
        },
        || {
            let _value = Value::new();
            loop {
                let _ = std::panic::catch_unwind(|| recv!(chan!(())));
            }
        },
    ];
    for body in bodies {
        ALIVE.store(0, SeqCst);
        let text = panic_of(|| Test::new().virtual_time().run(body));
        assert!(text.contains("deadlock!"), "{text}");
        assert_eq!(ALIVE.load(SeqCst), 1);
    }
}

/// What others of the test hear of the end of one is no report.
#[test]
fn dl_08_panics_of_those_that_are_made_to_end_are_not_reported() {
    let _alone = alone();
    let body = || {
        let ch = chan!(u32);
        let (tx, rx) = ch.split();
        go!({ assert_eq!(rx.recv(), Some(1), "it was closed") });
        go!({ recv!(chan!(())) }).join().unwrap();
        drop(tx);
    };
    for report in in_each_way(body) {
        assert!(report.contains("deadlock!") && !report.contains("it was closed"), "{report}");
    }
}
