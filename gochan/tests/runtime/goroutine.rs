//! Rows GO: what holds for goroutines inside one process. What needs a process of its own is in
//! `process/goroutine.rs` and `process/program_end.rs`.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::{Plain, message, panic_of, patience, until, until_waiting, watchdog};
use gochan::chan::{SendTimeoutError, TryRecvError};
use gochan::prelude::*;
use gochan::{blocking, runtime, scope, time};

#[gochan::test]
fn go_01_go_returns_before_its_body_has_run() {
    let gate = chan!(());
    let passed = chan!(u32);
    // Were `go!` to wait for the body, nobody would ever open the gate.
    go!([gate, passed] {
        recv!(gate);
        send!(passed <- 1);
    });
    send!(gate <- ());
    assert_eq!(recv!(passed), 1);
}

/// Where and in which order the parts of a `go!` were evaluated.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<(&'static str, thread::ThreadId)>>>);

impl Trace {
    fn note<T>(&self, part: &'static str, value: T) -> T {
        self.0.lock().unwrap().push((part, thread::current().id()));
        value
    }

    #[track_caller]
    fn is_all_from_here(&self, expected: &[&str]) {
        let here = thread::current().id();
        assert_eq!(*self.0.lock().unwrap(), expected.iter().map(|part| (*part, here)).collect::<Vec<_>>());
    }
}

#[gochan::test]
fn go_02_callee_and_arguments_are_evaluated_in_the_spawner_from_left_to_right() {
    fn sum(gate: Receiver<()>, a: u32, b: u32) -> u32 {
        recv!(gate);
        a + b
    }
    let trace = Trace::default();
    let gate = chan!(());
    let goroutine = go!(trace.note("callee", sum)(
        trace.note("gate", gate.receiver()),
        trace.note("first", 1),
        trace.note("second", 2)
    ));
    // The body waits for the gate; its arguments do not.
    trace.is_all_from_here(&["callee", "gate", "first", "second"]);
    close!(gate);
    assert_eq!(goroutine.join().unwrap(), 3);
}

#[gochan::test]
fn go_02_receiver_is_evaluated_in_the_spawner_before_the_arguments() {
    struct Account(Receiver<()>, u32);
    impl Account {
        fn deposit(self, amount: u32) -> u32 {
            recv!(self.0);
            self.1 + amount
        }
    }
    let trace = Trace::default();
    let gate = chan!(());
    let goroutine =
        go!(trace.note("receiver", Account(gate.receiver(), 40)).deposit(trace.note("argument", 2)));
    trace.is_all_from_here(&["receiver", "argument"]);
    close!(gate);
    assert_eq!(goroutine.join().unwrap(), 42);
}

#[gochan::test]
fn go_02_a_panicking_argument_is_the_spawners_and_starts_nothing() {
    let called = Arc::new(AtomicBool::new(false));
    fn call(called: Arc<AtomicBool>, _: u32) {
        called.store(true, SeqCst);
    }
    fn argument() -> u32 {
        panic!("the argument panicked")
    }
    let inner = called.clone();
    let said = panic_of(|| drop(go!(call(inner, argument()))));
    assert_eq!(said, "the argument panicked");
    assert_eq!(Arc::strong_count(&called), 1, "what was evaluated already has been dropped");
    assert!(!called.load(SeqCst));
}

#[gochan::test]
fn go_03_a_send_publishes_what_came_before_it() {
    for capacity in [0, 1, 8] {
        let memory = Arc::new(Plain::default());
        let ch = chan!(u64, capacity);
        for turn in 1..=200 {
            go!([memory, ch] {
                memory.set(turn);
                send!(ch <- turn);
            });
            let turn = recv!(ch);
            assert_eq!(memory.get(), turn);
        }
    }
}

#[gochan::test]
fn go_03_a_close_publishes_what_came_before_it() {
    for turn in 1..=200 {
        let memory = Arc::new(Plain::default());
        let ch = chan!(());
        go!([memory, ch] {
            memory.set(turn);
            close!(ch);
        });
        assert_eq!(ch.recv(), None);
        assert_eq!(memory.get(), turn);
    }
}

#[gochan::test]
fn go_03_a_join_sees_what_the_goroutine_did() {
    for turn in 1..=200 {
        let memory = Arc::new(Plain::default());
        let goroutine = go!([memory] { memory.set(turn) });
        goroutine.join().unwrap();
        assert_eq!(memory.get(), turn);
    }
}

#[gochan::test]
fn go_03_an_unbuffered_receive_publishes_to_the_sender_what_came_before_it() {
    for turn in 1..=200 {
        let memory = Arc::new(Plain::default());
        let ch = chan!(());
        go!([memory, ch] {
            memory.set(turn);
            recv!(ch);
        });
        send!(ch <- ());
        assert_eq!(memory.get(), turn);
    }
}

#[gochan::test]
fn go_04_each_turn_of_a_loop_captures_its_own_value() {
    let ch = chan!(usize);
    for number in 0..1000 {
        go!([ch] {
            send!(ch <- number);
        });
    }
    let mut seen: Vec<usize> = ch.iter().take(1000).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..1000).collect::<Vec<_>>());
}

#[gochan::test]
fn go_05_join_returns_the_payload_of_a_panic_and_others_live_on() {
    let ch = chan!(u32);
    let sibling = go!([ch] { recv!(ch) + 1 });

    let payload = go!({ panic!("boom") }).join().unwrap_err();
    assert_eq!(message(&*payload), "boom");
    let payload = go!({ std::panic::panic_any(42_u64) }).join().unwrap_err();
    assert_eq!(payload.downcast_ref::<u64>(), Some(&42));

    send!(ch <- 1);
    assert_eq!(sibling.join().unwrap(), 2);
}

/// Writes its name into the log when it is dropped.
struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Drop for Named {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

fn nest(log: Arc<Mutex<Vec<&'static str>>>, end: fn()) {
    let _outer = Named("outer value", log.clone());
    defer!(log.lock().unwrap().push("outer defer"));
    let inner = || {
        let _inner = Named("inner value", log.clone());
        defer!(log.lock().unwrap().push("inner defer"));
        end();
        log.lock().unwrap().push("never reached");
    };
    inner();
}

const INNERMOST_FIRST: [&str; 4] = ["inner defer", "inner value", "outer defer", "outer value"];

#[gochan::test]
fn go_06_a_panic_runs_deferred_code_and_destructors_innermost_first() {
    let log = Arc::<Mutex<Vec<_>>>::default();
    assert!(go!(nest(log.clone(), || panic!("on purpose"))).join().is_err());
    assert_eq!(*log.lock().unwrap(), INNERMOST_FIRST);
}

#[gochan::test]
fn go_06_goexit_runs_deferred_code_and_destructors_innermost_first() {
    let log = Arc::<Mutex<Vec<_>>>::default();
    assert!(go!(nest(log.clone(), || runtime::goexit())).join().is_err());
    assert_eq!(*log.lock().unwrap(), INNERMOST_FIRST);
}

#[gochan::test]
fn go_07_join_says_that_a_goroutine_left_by_goexit() {
    let goroutine = go!({
        if true {
            runtime::goexit();
        }
        7
    });
    assert!(goroutine.join().unwrap_err().is::<runtime::Goexit>());
}

#[test]
fn go_11_a_plain_thread_starts_goroutines_and_waits_for_them_alone() {
    let _watchdog = watchdog();
    let ch = chan!(&'static str);
    let other = chan!(&'static str);
    let blocked = thread::spawn({
        let ch = ch.clone();
        move || recv!(ch)
    });
    // The thread above waits; this thread and new goroutines go on.
    let goroutine = go!([other] {
        send!(other <- "from a goroutine");
    });
    assert_eq!(recv!(other), "from a goroutine");
    goroutine.join().unwrap();
    assert!(!blocked.is_finished());

    send!(ch <- "to the thread");
    assert_eq!(blocked.join().unwrap(), "to the thread");
}

#[test]
fn go_11_an_async_task_starts_goroutines() {
    let _watchdog = watchdog();
    let sum = pollster::block_on(async {
        let ch = chan!(u32);
        for number in 1..=3 {
            go!([ch] {
                send!(ch <- number);
            });
        }
        let mut sum = 0;
        for _ in 0..3 {
            sum += ch.recv_async().await.unwrap();
        }
        // A blocking operation is allowed as well, and stops just this thread.
        go!([ch] {
            send!(ch <- 36);
        });
        sum + recv!(ch)
    });
    assert_eq!(sum, 42);
}

#[test]
fn go_12_a_goroutine_keeps_its_thread_across_every_blocking_operation() {
    thread_local! {
        static OWN: RefCell<Rc<Cell<usize>>> = RefCell::default();
    }
    let _watchdog = watchdog();
    let goroutines: Vec<_> = (0..64)
        .map(|number| {
            let echo = chan!(usize);
            let full = chan!(usize, 1);
            go!([echo, full] {
                for value in &echo {
                    runtime::gosched();
                    send!(full <- value);
                }
            });
            go!({
                let home = thread::current().id();
                // Not `Send`, on the stack, and shared with a thread-local.
                let local = OWN.with(|own| own.borrow().clone());
                let stays = |after: &str| {
                    assert_eq!(thread::current().id(), home, "after {after}");
                    assert!(OWN.with(|own| Rc::ptr_eq(&own.borrow(), &local)), "after {after}");
                    local.set(local.get() + 1);
                };
                for turn in 0..20 {
                    send!(echo <- turn);
                    stays("send");
                    assert_eq!(recv!(full), turn);
                    stays("recv");
                    assert!(full.recv_timeout(Duration::from_micros(50)).is_err());
                    stays("recv_timeout");
                    runtime::gosched();
                    stays("gosched");
                    time::sleep(Duration::from_micros(50));
                    stays("sleep");
                    assert_eq!(blocking(move || turn + number), turn + number);
                    stays("blocking");
                    assert_eq!(go!({ turn }).join().unwrap(), turn);
                    stays("join");
                    let wg = WaitGroup::new();
                    wg.add(1);
                    go!([wg] {
                        wg.done();
                    });
                    wg.wait();
                    stays("wait");
                    scope(|s| {
                        s.go(runtime::gosched);
                    });
                    stays("scope");
                }
                close!(echo);
                stays("close");
            })
        })
        .collect();
    for goroutine in goroutines {
        if let Err(payload) = goroutine.join() {
            resume_unwind(payload);
        }
    }
}

#[gochan::test]
fn go_05_a_result_that_panics_on_being_dropped_is_not_the_spawners_panic() {
    struct Dropped(Chan<()>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            close!(self.0);
            panic!("nobody took the result");
        }
    }
    // Whether the goroutine or the handle goes last.
    for ended in [false, true] {
        let (go_on, dropped) = (chan!(()), chan!(()));
        let handle = go!([go_on, dropped] {
            recv!(go_on);
            Dropped(dropped)
        });
        if ended {
            close!(go_on);
            until(|| handle.is_finished());
            drop(handle);
        } else {
            drop(handle);
            close!(go_on);
        }
        recv!(dropped);
    }
}

#[test]
fn a_stack_beyond_reason_is_refused_where_it_is_asked_for() {
    let said = panic_of(|| drop(gochan::Builder::new().stack_size(usize::MAX).spawn(|| {})));
    assert!(said.contains("at most"), "{said}");
}

#[gochan::test]
fn go_17_a_zero_sized_closure_runs() {
    static RAN: AtomicBool = AtomicBool::new(false);
    let closure = || RAN.store(true, SeqCst);
    assert_eq!(size_of_val(&closure), 0);
    go!(closure()).join().unwrap();
    assert!(RAN.load(SeqCst));
}

#[gochan::test]
fn go_17_a_closure_of_64_kib_runs() {
    let mut large = [1_u8; 64 << 10];
    large[4321] = 2;
    let sum = go!({ large.iter().map(|byte| u64::from(*byte)).sum::<u64>() }).join().unwrap();
    assert_eq!(sum, (64 << 10) + 1);
}

#[test]
fn go_18_a_destructor_may_wait_during_a_panic_without_others_seeing_it() {
    struct Farewell(Sender<()>, Receiver<()>);
    impl Drop for Farewell {
        fn drop(&mut self) {
            assert!(thread::panicking());
            send!(self.0 <- ());
            recv!(self.1);
        }
    }
    let _watchdog = watchdog();
    let (leaving, let_go) = (chan!(()), chan!(()));
    let farewell = Farewell(leaving.sender(), let_go.receiver());
    let goroutine = go!({
        let _farewell = farewell;
        panic!("on purpose");
    });
    // The peer is this thread, which no worker needs to run.
    recv!(leaving);
    let bystanders: Vec<_> = (0..8).map(|_| go!({ thread::panicking() })).collect();
    send!(let_go <- ());
    assert_eq!(message(&*goroutine.join().unwrap_err()), "on purpose");
    for bystander in bystanders {
        assert!(!bystander.join().unwrap(), "a bystander saw the panic");
    }
}

#[gochan::test]
fn ids_differ_and_a_waiting_goroutine_is_listed() {
    let ch = chan!(());
    let one = go!([ch] { recv!(ch) });
    let two = go!([ch] { recv!(ch) });
    assert_ne!(one.id(), two.id());
    until_waiting(&one);
    until_waiting(&two);
    close!(ch);
    one.join().unwrap();
    two.join().unwrap();
}

#[gochan::test]
fn a_goroutine_sleeps_at_least_as_long_as_told() {
    let pause = Duration::from_millis(3);
    let slept = go!({
        let start = std::time::Instant::now();
        time::sleep(pause);
        start.elapsed()
    });
    assert!(slept.join().unwrap() >= pause);
}

#[gochan::test]
fn a_caught_panic_leaves_a_goroutine_able_to_block() {
    let ch = chan!(u32);
    let goroutine = go!([ch] {
        for _ in 0..3 {
            assert!(catch_unwind(AssertUnwindSafe(|| panic!("caught"))).is_err());
            send!(ch <- 1);
        }
    });
    for _ in 0..3 {
        assert_eq!(recv!(ch), 1);
    }
    goroutine.join().unwrap();
}

#[test]
fn plain_threads_of_std_and_goroutines_share_std_channels_too() {
    let _watchdog = watchdog();
    let (tx, rx) = mpsc::channel();
    let ch = chan!(u32);
    go!([ch] {
        tx.send(recv!(ch)).unwrap();
    });
    send!(ch <- 9);
    assert_eq!(rx.recv_timeout(patience()), Ok(9));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(ch.send_timeout(1, Duration::ZERO), Err(SendTimeoutError::Timeout(1)));
}

#[gochan::test]
fn waiting_shows_where_and_ends() {
    let ch = chan!(());
    let first = line!() + 2;
    let goroutine = go!([ch] {
        recv!(ch);
        recv!(ch);
    });
    let waits_at = || {
        let seen = runtime::goroutines().into_iter().find(|seen| seen.id == goroutine.id())?;
        Some(seen.waiting_at?.line())
    };
    until(|| waits_at() == Some(first));
    send!(ch <- ());
    // Until it is resumed it still counts as waiting where it was.
    until(|| waits_at() == Some(first + 1));
    send!(ch <- ());
    goroutine.join().unwrap();
}
