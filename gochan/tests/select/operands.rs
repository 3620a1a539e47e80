//! Rows SE-05, SE-06, SE-18 and SE-23: what the operands of an arm do, and what becomes of their values.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use crate::channels::full;
use crate::common::{Ledger, Tracked, nobody_waits_at, panic_of, until_waiting};
use gochan::chan::{SendError, TryRecvError};
use gochan::prelude::*;
use gochan::sync::Lazy;

/// Notes the order in which things happen.
#[derive(Default)]
struct Log(RefCell<Vec<&'static str>>);

impl Log {
    fn note<T>(&self, what: &'static str, value: T) -> T {
        self.0.borrow_mut().push(what);
        value
    }

    #[track_caller]
    fn is(&self, expected: &[&str]) {
        assert_eq!(self.0.take(), expected);
    }
}

/// Notes its own end.
struct Noted<'a>(&'a Log, &'static str, Chan<u32>);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.0.note(self.1, ());
    }
}

impl Noted<'_> {
    fn ch(&self) -> &Chan<u32> {
        &self.2
    }
}

#[gochan::test]
fn se_05_operands_are_evaluated_once_and_in_source_order_whichever_arm_runs() {
    let (log, empty, filled) = (Log::default(), chan!(u32, 1), full(1));
    for ready in 0..4 {
        match ready {
            0 => send!(empty <- 1),
            1 => _ = recv!(filled),
            _ => {}
        }
        let nil = Chan::<u32>::nil();
        select! {
            <-log.note("channel 0", &empty) => log.note("body 0", ()),
            log.note("channel 1", &filled) <- log.note("value 1", 1) => log.note("body 1", ()),
            _v, _ok = <-log.note("channel 2", &nil) => log.note("body 2", ()),
            Some(_) = <-log.note("channel 3", &nil), if log.note("guard 3", true) => log.note("body 3", ()),
            _r = log.note("channel 4", &nil) <- log.note("value 4", 2), if log.note("guard 4", false) => {
                log.note("body 4", ());
            }
            default => log.note("default", ()),
        }
        let operands = [
            "channel 0",
            "channel 1",
            "value 1",
            "channel 2",
            "channel 3",
            "guard 3",
            "channel 4",
            "value 4",
            "guard 4",
        ];
        let body = ["body 0", "body 1", "default", "default"][ready];
        log.is(&[&operands[..], &[body]].concat());
        if ready == 1 {
            assert_eq!(filled.len(), 1);
        }
    }
}

#[gochan::test]
fn se_05_bias_and_waiting_change_nothing_in_the_order_of_evaluation() {
    let (a, b) = (chan!(u32), chan!(u32));
    let waiting = go!([a, b] {
        let log = Log::default();
        select! {
            biased;
            v = <-log.note("a", &a), if log.note("if a", true) => log.note("body a", _ = v),
            log.note("b", &b) <- log.note("value", 1) => log.note("body b", ()),
        }
        // Once: being woken does not evaluate anything again.
        log.is(&["a", "if a", "b", "value", "body a"]);
    });
    until_waiting(&waiting);
    send!(a <- 1);
    waiting.join().unwrap();
}

#[gochan::test]
fn se_05_an_operand_may_use_and_change_the_channels_of_the_others() {
    let (a, b) = (chan!(u32, 1), chan!(u32, 1));
    // Nothing is ready before the last operand is evaluated.
    let ran = select! {
        v = <-a => ("a", v),
        v = <-{
            send!(a <- 7);
            &b
        } => ("b", v),
    };
    assert_eq!(ran, ("a", 7));
}

#[gochan::test]
fn se_06_a_place_that_was_not_sent_is_still_the_callers() {
    let (ledger, filled, other) = (Ledger::default(), chan!(Tracked, 1), full(1));
    assert!(filled.send(ledger.value(0)).is_ok());
    let job = ledger.value(1);
    let back = select! {
        filled <- job => None,
        <-other => Some(job),
    };
    assert_eq!(back.as_ref().map(|job| job.number), Some(1));
    assert_eq!(ledger.dropped(), 0);
    let job = back.expect("it was not sent");
    // Not by default, and not by an arm that is off.
    let job = select! {
        filled <- job => unreachable!(),
        filled <- job, if false => unreachable!(),
        Sender::nil() <- job => unreachable!(),
        default => job,
    };
    drop(filled.recv());
    assert_eq!(ledger.dropped(), 1);
    select! {
        filled <- job => {}
        <-other => unreachable!("it has been emptied"),
    }
    assert_eq!(filled.recv().expect("the job").number, 1);
    ledger.balances();
}

#[gochan::test]
fn se_06_a_place_comes_back_from_a_select_that_had_to_wait() {
    let (ledger, jobs, quit) = (Ledger::default(), chan!(Tracked), chan!(()));
    let worker = go!([ledger, jobs, quit] {
        struct Outbox {
            next: Tracked,
        }
        let outbox = Outbox { next: ledger.value(1) };
        let result = select! {
            jobs <- outbox.next => Ok(()),
            <-quit => Err(outbox.next),
        };
        result.map_err(|job| job.number)
    });
    until_waiting(&worker);
    close!(quit);
    assert_eq!(worker.join().unwrap(), Err(1));
    assert!(matches!(jobs.try_recv(), Err(TryRecvError::Empty)), "nobody offers it any more");
    ledger.balances();
}

#[gochan::test]
fn se_06_a_place_that_was_sent_after_a_wait_is_gone_once() {
    let (ledger, jobs, quit) = (Ledger::default(), chan!(Tracked), chan!(()));
    let worker = go!([ledger, jobs, quit] {
        let job = ledger.value(1);
        select! {
            jobs <- job => true,
            <-quit => {
                drop(job);
                false
            }
        }
    });
    until_waiting(&worker);
    let job = jobs.recv().expect("the worker offers it");
    assert!(worker.join().unwrap());
    assert_eq!((job.number, ledger.dropped()), (1, 0));
    drop(job);
    ledger.balances();
}

#[gochan::test]
fn se_06_a_temporary_that_was_not_sent_is_dropped_before_the_body_runs() {
    let (ledger, filled, other) = (Ledger::default(), chan!(Tracked), full(1));
    select! {
        filled <- ledger.value(1) => unreachable!(),
        filled <- ledger.value(2), if false => unreachable!(),
        r = filled <- ledger.value(3) => unreachable!("{r:?}"),
        <-other => assert_eq!((ledger.made(), ledger.dropped()), (3, 3)),
    }
    select! {
        filled <- ledger.value(4) => unreachable!(),
        default => ledger.balances(),
    }
    select! {
        filled <- ledger.value(5), if false => unreachable!(),
        else => ledger.balances(),
    }
}

#[gochan::test]
fn se_06_the_same_place_may_stand_in_several_arms() {
    for chosen in 0..3 {
        let ledger = Ledger::default();
        let channels = [(); 3].map(|()| chan!(Tracked, 1));
        (0..3)
            .filter(|arm| *arm != chosen)
            .for_each(|arm| assert!(channels[arm].send(ledger.value(9)).is_ok()));
        let job = ledger.value(1);
        let ran = select! {
            channels[0] <- job => 0,
            channels[1] <- job => 1,
            channels[2] <- job => 2,
        };
        assert_eq!(ran, chosen);
        assert_eq!(channels[chosen].recv().map(|job| job.number), Some(1));
        drop(channels);
        ledger.balances();
    }
}

#[gochan::test]
fn se_06_a_value_whose_send_is_refused_comes_back_or_is_dropped_once() {
    let (ledger, ch) = (Ledger::default(), chan!(Tracked));
    close!(ch);
    let job = ledger.value(1);
    let Err(SendError(job)) = (select! {
        r = ch <- job => r,
    }) else {
        panic!("the channel is closed")
    };
    assert_eq!((job.number, ledger.dropped()), (1, 0));
    panic_of(|| {
        select! {
            ch <- job => {}
        }
    });
    ledger.balances();
    let Err(SendError(made)) = (select! {
        r = ch <- ledger.value(2) => r,
    }) else {
        panic!("it is closed")
    };
    assert_eq!(made.number, 2);
    drop(made);
    panic_of(|| {
        select! {
            ch <- ledger.value(3) => {}
        }
    });
    ledger.balances();
}

#[gochan::test]
fn se_06_a_received_value_that_the_arm_ignores_is_dropped_once() {
    let (ledger, ch) = (Ledger::default(), chan!(Tracked, 2));
    for (number, wanted) in (0..).zip([false, true]) {
        assert!(ch.send(ledger.value(number)).is_ok());
        if wanted {
            select! {
                Some(v) = <-ch => assert_eq!((v.number, ledger.dropped()), (number, 1)),
            }
        } else {
            select! {
                <-ch => ledger.balances(),
            }
        }
    }
    ledger.balances();
    let waiting = go!([ch] {
        select! {
            <-ch => {}
        }
    });
    until_waiting(&waiting);
    assert!(ch.send(ledger.value(2)).is_ok());
    waiting.join().unwrap();
    ledger.balances();
}

#[gochan::test]
fn se_18_temporaries_of_the_operands_live_until_an_arm_is_chosen_and_no_longer() {
    let (log, empty, filled) = (Log::default(), chan!(u32), full(1));
    for taken in [true, false] {
        let ready = if taken { full(1) } else { empty.clone() };
        select! {
            <-Noted(&log, "first dropped", ready.clone()).ch() => log.note("first", ()),
            Noted(&log, "second dropped", empty.clone()).ch() <- 1 => log.note("second", ()),
            default => log.note("default", ()),
        }
        log.is(&["second dropped", "first dropped", if taken { "first" } else { "default" }]);
    }
    // A value's own temporaries, too.
    select! {
        filled <- Noted(&log, "value dropped", empty.clone()).ch().len() as u32 => unreachable!(),
        default => log.note("default", ()),
    }
    log.is(&["value dropped", "default"]);
}

#[gochan::test]
fn se_18_temporaries_live_as_long_as_the_select_waits() {
    let (tx, only_receiver) = chan!(u32).split();
    let other = chan!(u32);
    let waiting = go!([tx, other] {
        struct Owner(Receiver<u32>);
        select! {
            v = <-Owner(only_receiver).0 => {
                assert!(tx.is_closed(), "the receiver outlived the wait");
                v
            }
            v = <-other => v,
        }
    });
    until_waiting(&waiting);
    assert!(!tx.is_closed(), "the receiver is gone");
    assert_eq!(tx.send(3), Ok(()));
    assert_eq!(waiting.join().unwrap(), 3);
}

#[gochan::test]
fn se_23_a_panic_in_an_operand_drops_what_was_evaluated_and_leaves_the_channels_usable() {
    let (ledger, ch, filled) = (Ledger::default(), chan!(Tracked, 1), full(4));
    fn fails<T>(what: &str) -> T {
        panic!("{what}")
    }
    let job = ledger.value(0);
    let message = panic_of(|| {
        select! {
            ch <- ledger.value(1) => unreachable!(),
            <-fails::<Receiver<u32>>("channel") => unreachable!(),
            ch <- ledger.value(2) => unreachable!(),
        }
    });
    assert_eq!((message.as_str(), ledger.made(), ledger.dropped()), ("channel", 2, 1));
    let message = panic_of(|| {
        select! {
            ch <- ledger.value(3) => unreachable!(),
            ch <- job => unreachable!(),
            r = ch <- fails("value") => unreachable!("{r:?}"),
            <-filled => unreachable!(),
        }
    });
    // The closure owned the job and was dropped with it.
    assert_eq!(message, "value");
    ledger.balances();
    let message = panic_of(|| {
        select! {
            ch <- ledger.value(4), if fails("guard") => unreachable!(),
            <-filled => unreachable!(),
        }
    });
    assert_eq!(message, "guard");
    ledger.balances();
    // Nothing was sent, taken or left waiting.
    assert!(matches!(ch.try_recv(), Err(TryRecvError::Empty)));
    assert!(ch.try_send(ledger.value(5)).is_ok());
    assert_eq!((recv!(filled), ch.recv().map(|job| job.number)), (4, Some(5)));
    ledger.balances();
}

#[gochan::test]
fn se_23_a_panic_in_a_body_drops_the_received_value_and_leaves_the_channels_usable() {
    let (ledger, a, b) = (Ledger::default(), chan!(Tracked), chan!(u32));
    let failing = go!([a, b] {
        select! {
            Some(job) = <-a => panic!("job {}", job.number),
            b <- 1 => {}
        }
    });
    until_waiting(&failing);
    assert!(a.send(ledger.value(7)).is_ok());
    let payload = failing.join().unwrap_err();
    assert_eq!(crate::common::message(&*payload), "job 7");
    ledger.balances();
    nobody_waits_at(&b);
    let after = go!([a, b] {
        select! {
            Some(job) = <-a => job.number,
            b <- 1 => 0,
        }
    });
    until_waiting(&after);
    assert_eq!(recv!(b), 1);
    assert_eq!(after.join().unwrap(), 0);
    assert!(matches!(a.try_recv(), Err(TryRecvError::Empty)));
}

#[gochan::test]
fn se_23_a_panicking_zero_value_or_destructor_leaves_the_channels_usable() {
    struct Bad;
    impl Default for Bad {
        fn default() -> Self {
            panic!("no zero value")
        }
    }
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let (bad, other) = (chan!(Bad, 1), full(1));
    // The value of the losing arm goes before the body runs.
    assert_eq!(
        panic_of(|| select! {
            biased;
            <-other => unreachable!(),
            bad <- Bad => {}
        }),
        "in a destructor"
    );
    assert_eq!((bad.len(), other.len()), (0, 0));
    assert!(bad.send(Bad).is_ok());
    assert_eq!(
        panic_of(|| select! {
            <-bad => {}
        }),
        "in a destructor"
    );
    close!(bad);
    assert_eq!(
        panic_of(|| select! {
            v = <-bad => std::mem::forget(v),
        }),
        "no zero value"
    );
    send!(other <- 2);
    assert_eq!(
        select! {
            v = <-other => v,
        },
        2
    );
}

#[gochan::test]
fn the_operand_may_be_a_pointer_to_a_handle() {
    struct Service {
        jobs: Arc<Chan<u32>>,
        boxed: Option<Box<Sender<u32>>>,
    }
    let ch = chan!(u32, 1);
    let service = Service { jobs: Arc::new(ch.clone()), boxed: Some(Box::new(ch.sender())) };
    let receiver = Rc::new(ch.receiver());
    select! {
        service.jobs <- 1 => {}
    }
    assert_eq!(
        select! {
            v = <-receiver => v,
        },
        1
    );
    select! {
        service.boxed <- 2 => {}
    }
    assert_eq!(
        select! {
            v, ok = <-&service.jobs => (v, ok),
        },
        (2, true)
    );
    send!(service.boxed <- 3);
    assert_eq!(recv!(receiver), 3);
    send!(service.jobs <- 4);
    assert_eq!(recv!(service.jobs, ok), (4, true));
    close!(service.jobs);
    assert!(ch.is_closed());
}

// Go's `var ready = make(chan int, 1)` outside of functions.
static READY: LazyLock<Chan<u32>> = LazyLock::new(|| chan!(u32, 1));
static DONE: Lazy<Chan<u32>> = Lazy::new(|| chan!(u32, 1));

#[gochan::test]
fn the_operand_may_be_a_static_channel() {
    go!({
        send!(READY <- 1);
        select! {
            DONE <- recv!(READY) + 1 => close!(DONE),
        }
    });
    assert_eq!(recv!(DONE, ok), (2, true));
    select! {
        v, ok = <-DONE => assert_eq!((v, ok), (0, false)),
        <-READY => unreachable!("it was received"),
    }
}
