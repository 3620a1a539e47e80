//! Contexts that something outside ends: by the trait, by a future, by a channel. Rows CX-02 to CX-07 and CX-18.

use std::future::{pending, poll_fn, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Ledger, MOMENT, Tracked, patience, until, watchdog};
use gochan::chan::TryRecvError;
use gochan::context::{CancelSource, ContextError, EndSignal};
use gochan::prelude::*;
use static_assertions::assert_impl_all;

assert_impl_all!(EndSignal: Clone, Send, Sync);

const CANCELED: Option<ContextError> = Some(ContextError::Canceled);
const EXCEEDED: Option<ContextError> = Some(ContextError::DeadlineExceeded);

/// A source that is told to end by hand.
#[derive(Clone, Default)]
struct Manual {
    signal: Arc<Mutex<Option<EndSignal>>>,
    deadline: Option<Instant>,
    ledger: Ledger,
}

impl CancelSource for Manual {
    type Watch = Tracked;

    fn watch(self, end: EndSignal) -> Tracked {
        *self.signal.lock().unwrap() = Some(end);
        self.ledger.value(1)
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

impl Manual {
    fn signal(&self) -> EndSignal {
        self.signal.lock().unwrap().clone().expect("somebody watches")
    }
}

#[gochan::test]
fn cx_02_a_source_ends_its_context_and_all_below() {
    let source = Manual::default();
    let ctx = Context::from_source(source.clone());
    let (child, _cancel) = ctx.with_cancel();
    let waiting = go!([child] { (child.done().recv(), child.err()) });
    assert_eq!((ctx.err(), child.err()), (None, None));
    source.signal().end(ContextError::DeadlineExceeded);
    // At once, although who waits is woken by a goroutine.
    assert_eq!((ctx.err(), child.err()), (EXCEEDED, EXCEEDED));
    assert_eq!(child.done().try_recv(), Err(TryRecvError::Closed));
    source.signal().end(ContextError::Canceled);
    assert_eq!(ctx.err(), EXCEEDED);
    assert_eq!(waiting.join().unwrap(), (None, EXCEEDED));
}

#[gochan::test]
fn cx_02_a_signal_may_come_under_any_lock() {
    let source = Manual::default();
    let ctx = Context::from_source(source.clone());
    // Whoever waits, and whatever goes with the context, needs the source's lock.
    struct Locks(Manual, Sender<()>);
    impl Drop for Locks {
        fn drop(&mut self) {
            drop(self.0.signal.lock().unwrap());
            send!(self.1 <- ());
        }
    }
    let (dropped, seen) = chan!((), 2).split();
    drop(ctx.after_func({
        let locks = Locks(source.clone(), dropped.clone());
        move || drop(locks)
    }));
    let (child, cancel) = ctx.with_value(Locks(source.clone(), dropped)).with_cancel();
    drop(ctx);
    let held = source.signal.lock().unwrap();
    held.as_ref().unwrap().end(ContextError::Canceled);
    assert_eq!(child.err(), CANCELED);
    drop(held);
    drop((child, cancel));
    assert_eq!((seen.recv(), seen.recv()), (Some(()), Some(())));
}

#[gochan::test]
fn cx_04_a_source_below_an_ended_context_is_not_asked() {
    let (parent, cancel) = background().with_cancel();
    cancel.cancel_cause("over");
    let source = Manual::default();
    let ctx = parent.with_source(source.clone());
    assert_eq!(ctx.cause().unwrap().to_string(), "over");
    assert!(source.signal.lock().unwrap().is_none());
}

#[gochan::test]
fn cx_04_a_source_that_has_ended_gives_an_ended_context() {
    struct Over;
    impl CancelSource for Over {
        type Watch = ();
        fn watch(self, end: EndSignal) {
            end.end_cause(ContextError::Canceled, "long ago");
        }
    }
    let ctx = Context::from_source(Over);
    assert_eq!((ctx.err(), ctx.done().recv()), (CANCELED, None));
    assert_eq!(ctx.cause().unwrap().to_string(), "long ago");
}

#[gochan::test]
fn cx_03_a_parent_ends_a_context_with_a_source() {
    let source = Manual::default();
    let (parent, cancel) = background().with_cancel();
    let ctx = parent.with_source(source.clone());
    cancel.cancel_cause("from above");
    assert_eq!(ctx.err(), CANCELED);
    source.signal().end_cause(ContextError::Canceled, "from the side");
    assert_eq!(ctx.cause().unwrap().to_string(), "from above");
}

#[gochan::test]
fn cx_05_a_sources_deadline_is_reported_and_kept() {
    let soon = Instant::now() + Duration::from_millis(20);
    let source = Manual { deadline: Some(soon), ..Manual::default() };
    let ctx = Context::from_source(source);
    assert_eq!(ctx.deadline(), Some(soon));
    // Unless the machine is that slow.
    assert!(ctx.err().is_none() || Instant::now() >= soon);
    assert_eq!(ctx.done().recv(), None);
    assert!(Instant::now() >= soon);
    assert_eq!(ctx.err(), EXCEEDED);
    // The earlier one counts.
    let (parent, _cancel) = background().with_deadline(soon + patience());
    let late = Manual { deadline: Some(soon + 2 * patience()), ..Manual::default() };
    assert_eq!(parent.with_source(late).deadline(), parent.deadline());
    let passed = Manual { deadline: Some(soon), ..Manual::default() };
    assert_eq!(parent.with_source(passed).err(), EXCEEDED);
}

#[gochan::test]
fn cx_18_what_watches_goes_with_the_context() {
    let (parent, _cancel) = background().with_cancel();
    for deadline in [None, Some(Instant::now() + patience())] {
        let source = Manual { deadline, ..Manual::default() };
        let ctx = parent.with_value(source.ledger.value(2)).with_source(source.clone());
        let clone = ctx.clone();
        drop(ctx);
        assert_eq!(source.ledger.dropped(), 0);
        drop(clone);
        source.ledger.balances();
        // Nobody is there any more.
        source.signal().end(ContextError::Canceled);
    }
}

#[gochan::test]
fn cx_18_a_done_channel_that_outlives_its_context_is_closed() {
    let done = Context::from_source(Manual::default()).done().clone();
    assert_eq!(done.recv(), None);
}

#[test]
fn cx_18_signals_beside_the_last_drop_leak_nothing() {
    let _watchdog = watchdog();
    for turn in 0..500 {
        let source = Manual::default();
        let (parent, cancel) = background().with_cancel();
        let ctx = parent.with_value(source.ledger.value(turn)).with_source(source.clone());
        let signal = source.signal();
        let barrier = Arc::new(Barrier::new(3));
        let signalling = {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.wait();
                signal.end(ContextError::Canceled);
            })
        };
        let cancelling = {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.wait();
                cancel.cancel();
            })
        };
        barrier.wait();
        drop(ctx);
        signalling.join().unwrap();
        cancelling.join().unwrap();
        until(|| source.ledger.dropped() == 2);
    }
}

#[gochan::test]
fn cx_02_a_future_ends_its_context_when_it_completes() {
    let gate = chan!(u32);
    let ctx = Context::from_future({
        let gate = gate.receiver();
        async move {
            for expected in 0..3 {
                assert_eq!(gate.recv_async().await, Some(expected));
            }
        }
    });
    for number in 0..3 {
        assert_eq!(ctx.err(), None);
        send!(gate <- number);
    }
    assert_eq!(ctx.done().recv(), None);
    assert_eq!(ctx.err(), CANCELED);
    assert_eq!(Context::from_future(ready(1)).err(), CANCELED);
}

#[gochan::test]
fn cx_02_a_future_that_is_woken_while_it_is_polled_is_polled_again() {
    let polls = Arc::new(AtomicUsize::new(0));
    let counter = polls.clone();
    let ctx = Context::from_future(poll_fn(move |context| {
        if counter.fetch_add(1, SeqCst) == 100 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }));
    assert_eq!(ctx.done().recv(), None);
    assert_eq!(polls.load(SeqCst), 101);
}

#[test]
fn cx_02_a_future_that_panics_ends_its_context() {
    let _watchdog = watchdog();
    let gate = chan!(());
    let ctx = Context::from_future({
        let gate = gate.receiver();
        async move {
            gate.recv_async().await;
            panic!("on purpose");
        }
    });
    assert_eq!(ctx.err(), None);
    close!(gate);
    assert_eq!(ctx.done().recv(), None);
    assert_eq!(ctx.err(), CANCELED);
}

#[gochan::test]
fn cx_18_a_future_goes_with_its_context() {
    let ledger = Ledger::default();
    let value = ledger.value(1);
    let ctx = Context::from_future(async move {
        pending::<()>().await;
        drop(value);
    });
    assert_eq!(ledger.dropped(), 0);
    drop(ctx);
    ledger.balances();
    // One whose waker is still with somebody: the channel has nothing of it afterwards.
    let gate = chan!(());
    let value = ledger.value(2);
    let receiving = gate.receiver();
    drop(Context::from_future(async move {
        receiving.recv_async().await;
        drop(value);
    }));
    ledger.balances();
    assert!(gate.try_send(()).is_err());
}

#[gochan::test]
fn cx_18_a_future_may_drop_its_own_context() {
    let ledger = Ledger::default();
    let own = Arc::new(Mutex::new(None::<Context>));
    let gate = chan!(());
    let dropped = Arc::new(AtomicBool::new(false));
    let ctx = Context::from_future({
        let (own, gate, dropped, value) = (own.clone(), gate.receiver(), dropped.clone(), ledger.value(1));
        async move {
            gate.recv_async().await;
            let ctx = own.lock().unwrap().take();
            drop(ctx);
            dropped.store(true, SeqCst);
            pending::<()>().await;
            drop(value);
        }
    });
    *own.lock().unwrap() = Some(ctx);
    close!(gate);
    until(|| dropped.load(SeqCst) && ledger.dropped() == 1);
}

#[gochan::test]
fn cx_02_a_channel_ends_its_context_when_it_is_closed() {
    let (stop, stopped) = chan!(()).split();
    let ctx = Context::from_source(stopped);
    let (timed, _cancel) = ctx.with_timeout(patience());
    assert_eq!((ctx.err(), timed.err()), (None, None));
    drop(stop);
    assert_eq!(timed.done().recv(), None);
    assert_eq!((ctx.err(), timed.err()), (CANCELED, CANCELED));
    // One that never closes.
    let never = Context::from_source(Receiver::nil());
    assert!(never.done().recv_timeout(MOMENT).is_err());
}
