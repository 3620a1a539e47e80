//! Row DL-07 where the wakers of receivers panic or use the module: they are the program's code, and whatever they do,
//! signals go on to arrive. Signals are the process's, so each test has a process of its own.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::pin;
use std::sync::Arc;
use std::task::{self, Wake, Waker};

use crate::common::message;
use crate::common::panic_of;
use crate::common::process::scenarios;
use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::signal::{self, Signal, notify, notify_context};

scenarios!(
    panics_on_arrival,
    panics_with_a_payload_that_panics,
    two_panic_on_one_signal,
    uses_the_module,
    drops_the_receiver,
    panics_on_stop,
    two_panic_on_stop,
    panics_on_reset_and_ignore,
    panics_on_the_end_of_a_context,
    stops_while_unwinding,
);

/// The scenario prints this on either backend.
#[track_caller]
fn prints(name: &str, expected: &str) {
    for backend in ["coroutines", "threads"] {
        scenario(name).backend(backend).run().prints(expected);
    }
}

/// Sends this thread a signal: it has arrived when this returns.
fn raise(signal: Signal) {
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::raise(signal.number()) }, 0);
}

/// A waker that tells of each call and then does something.
struct Calls<F>(Sender<()>, F);

impl<F: Fn() + Send + Sync + 'static> Wake for Calls<F> {
    fn wake(self: Arc<Self>) {
        self.0.try_send(()).expect("there is room");
        (self.1)();
    }
}

/// Such a waker, and where it tells of its calls.
fn waker(f: impl Fn() + Send + Sync + 'static) -> (Waker, Receiver<()>) {
    let (calls, called) = Chan::with_capacity(4).split();
    (Waker::from(Arc::new(Calls(calls, f))), called)
}

/// Lets a task with this waker wait for a signal.
macro_rules! wait_for {
    ($receiver:expr, $waker:expr) => {
        let mut receive = pin!($receiver.recv_async());
        assert!(receive.as_mut().poll(&mut task::Context::from_waker(&$waker)).is_pending());
    };
}

/// Signals come through, to old channels and to new ones.
fn works(channel: &Receiver<Signal>) {
    raise(Signal::USER2);
    assert_eq!(channel.recv(), Some(Signal::USER2));
    let new = notify(&[Signal::INTERRUPT]);
    raise(Signal::INTERRUPT);
    assert_eq!(new.recv(), Some(Signal::INTERRUPT));
    signal::stop(&new);
    println!("signals arrive");
}

#[gochan::main]
fn panics_on_arrival() {
    let (panicking, other) = (notify(&[Signal::USER1]), notify(&[Signal::USER2]));
    let (waker, called) = waker(|| panic!("a waker may panic"));
    wait_for!(panicking, waker);
    raise(Signal::USER1);
    called.recv().unwrap();
    works(&other);
}

#[gochan::main]
fn panics_with_a_payload_that_panics() {
    struct Bomb(u32);
    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                panic_any(Bomb(self.0 - 1));
            }
        }
    }
    let (panicking, other) = (notify(&[Signal::USER1]), notify(&[Signal::USER2]));
    for depth in 1..4 {
        let (waker, called) = waker(move || panic_any(Bomb(depth)));
        {
            wait_for!(panicking, waker);
            raise(Signal::USER1);
            called.recv().unwrap();
        }
        // The task has gone without looking.
        assert_eq!(panicking.try_recv(), Ok(Signal::USER1));
        works(&other);
    }
}

#[gochan::main]
fn two_panic_on_one_signal() {
    let [one, two, three, other] = std::array::from_fn(|_| notify(&[Signal::USER1, Signal::USER2]));
    let (waker, called) = waker(|| panic!("a waker may panic"));
    wait_for!(one, waker);
    wait_for!(two, waker);
    let waits = go!([three] three.recv());
    raise(Signal::USER1);
    (0..2).for_each(|_| called.recv().unwrap());
    println!("{}", waits.join().unwrap().unwrap());
    assert_eq!(other.recv(), Some(Signal::USER1));
    works(&other);
}

#[test]
fn dl_07_signals_go_on_to_arrive_when_a_waker_panics() {
    prints("panics_on_arrival", "signals arrive\n");
    prints("panics_with_a_payload_that_panics", &"signals arrive\n".repeat(3));
    prints("two_panic_on_one_signal", "user defined signal 1\nsignals arrive\n");
}

#[gochan::main]
fn uses_the_module() {
    let (first, other) = (notify(&[Signal::USER1]), notify(&[Signal::USER2]));
    let (stopped, done) = (notify(&[Signal::USER1, Signal::TERMINATE]), chan!(usize, 16));
    let uses: [Box<dyn Fn() + Send + Sync>; 6] = [
        Box::new({
            let first = first.clone();
            move || drop((first.len(), notify(&[Signal::USER1, Signal::HANGUP])))
        }),
        Box::new(move || signal::stop(&stopped)),
        Box::new(|| drop(notify_context(&background(), &[Signal::USER1, Signal::HANGUP]))),
        Box::new(|| signal::ignore(&[Signal::HANGUP])),
        Box::new(|| signal::reset(&[Signal::HANGUP])),
        Box::new({
            let first = first.clone();
            move || signal::stop(&first)
        }),
    ];
    for (number, using) in uses.into_iter().enumerate() {
        let (waker, called) = waker({
            let done = done.clone();
            move || {
                using();
                send!(done <- number);
            }
        });
        {
            wait_for!(first, waker);
            raise(Signal::USER1);
            called.recv().unwrap();
            assert_eq!(done.recv(), Some(number));
        }
        // The task has gone without looking.
        assert_eq!(first.try_recv(), Ok(Signal::USER1));
    }
    println!("{:?}", first.recv());
    works(&other);
}

#[gochan::main]
fn drops_the_receiver() {
    let (first, other) = (notify(&[Signal::USER1]), notify(&[Signal::USER2]));
    let last = Arc::new(std::sync::Mutex::new(None));
    let (waker, called) = waker({
        let last = last.clone();
        move || drop(last.lock().unwrap().take())
    });
    {
        wait_for!(first, waker);
        *last.lock().unwrap() = Some(first.clone());
        raise(Signal::USER1);
        called.recv().unwrap();
    }
    drop(first);
    works(&other);
}

#[test]
fn dl_07_a_waker_may_use_the_module() {
    prints("uses_the_module", "None\nsignals arrive\n");
    prints("drops_the_receiver", "signals arrive\n");
}

#[gochan::main]
fn panics_on_stop() {
    let (panicking, other) = (notify(&[Signal::USER1]), notify(&[Signal::USER2]));
    let (waker, called) = waker(|| panic!("of the waker"));
    wait_for!(panicking, waker);
    println!("{}", panic_of(|| signal::stop(&panicking)));
    called.recv().unwrap();
    println!("{:?}", panicking.recv());
    works(&other);
}

#[gochan::main]
fn two_panic_on_stop() {
    let (panicking, other) = (notify(&[Signal::USER1]), notify(&[Signal::USER2]));
    let [first, second] = ["of the first", "of the second"].map(|text| waker(move || panic!("{text}")));
    let waits = go!([panicking] panicking.recv());
    while !crate::common::is_waiting(&waits) {
        gosched();
    }
    {
        wait_for!(panicking, first.0);
        wait_for!(panicking, second.0);
        println!("{}", panic_of(|| signal::stop(&panicking)));
    }
    first.1.recv().unwrap();
    second.1.recv().unwrap();
    println!("{:?}", waits.join().unwrap());
    works(&other);
}

#[gochan::main]
fn panics_on_reset_and_ignore() {
    let other = notify(&[Signal::USER2]);
    let ends: [fn(); 2] = [|| signal::reset(&[Signal::USER1]), || signal::ignore(&[Signal::USER1])];
    for end in ends {
        let [one, two] = std::array::from_fn(|_| notify(&[Signal::USER1]));
        let [first, second] = ["of the first", "of the second"].map(|text| waker(move || panic!("{text}")));
        wait_for!(one, first.0);
        wait_for!(two, second.0);
        println!("{}", panic_of(end));
        first.1.recv().unwrap();
        second.1.recv().unwrap();
        println!("{:?} {:?} {}", one.recv(), two.recv(), signal::is_ignored(Signal::USER1));
    }
    works(&other);
}

#[gochan::main]
fn panics_on_the_end_of_a_context() {
    let other = notify(&[Signal::USER2]);
    let (ctx, _cancel) = notify_context(&background(), &[Signal::USER1]);
    let (waker, called) = waker(|| panic!("a waker may panic"));
    wait_for!(ctx.done(), waker);
    raise(Signal::USER1);
    called.recv().unwrap();
    println!("{}", ctx.cause().unwrap());
    works(&other);
}

#[test]
fn dl_07_a_panic_of_a_waker_comes_out_of_stop_after_all_is_done() {
    prints("panics_on_stop", "of the waker\nNone\nsignals arrive\n");
    prints("two_panic_on_stop", "of the first\nNone\nsignals arrive\n");
    let expected = "of the first\nNone None false\nof the first\nNone None true\nsignals arrive\n";
    prints("panics_on_reset_and_ignore", expected);
    prints("panics_on_the_end_of_a_context", "user defined signal 1 signal received\nsignals arrive\n");
}

#[gochan::main]
fn stops_while_unwinding() {
    struct Stops(Receiver<Signal>);
    impl Drop for Stops {
        fn drop(&mut self) {
            signal::stop(&self.0);
        }
    }
    let other = notify(&[Signal::USER2]);
    let receiver = notify(&[Signal::USER1]);
    let (waker, called) = waker(|| panic!("of the waker"));
    wait_for!(receiver, waker);
    let stops = Stops(receiver.clone());
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _stops = stops;
        panic!("of the program");
    }));
    called.recv().unwrap();
    println!("{}", message(&*unwound.unwrap_err()));
    works(&other);
}

#[test]
fn dl_07_a_panic_of_a_waker_does_not_come_out_of_stop_while_another_unwinds() {
    prints("stops_while_unwinding", "of the program\nsignals arrive\n");
}
