//! Every way a select can end, with every value dropped exactly once: rows SE-06, SE-13 and SE-23 by counting.

use std::thread;

use crate::common::{Ledger, Tracked, message, panic_of, seeded, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::{JoinHandle, Select, runtime};

/// How a select is brought to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Its value is taken.
    Take,
    /// A value comes.
    Give,
    CloseSend,
    CloseRecv,
    /// The other side of its send arm, or receive arm, goes away.
    DropReceiver,
    DropSender,
    /// It is served by a third channel.
    Other,
}

const ENDS: [End; 7] =
    [End::Take, End::Give, End::CloseSend, End::CloseRecv, End::DropReceiver, End::DropSender, End::Other];

/// How a select names what it sends.
#[derive(Clone, Copy, Debug)]
enum Form {
    Place,
    Temporary,
    PlaceResult,
    TemporaryResult,
}

const FORMS: [Form; 4] = [Form::Place, Form::Temporary, Form::PlaceResult, Form::TemporaryResult];

fn select_once(form: Form, ledger: &Ledger, tx: &Sender<Tracked>, rx: &Receiver<Tracked>, other: &Chan<()>) {
    match form {
        Form::Place => {
            let job = ledger.value(1);
            select! {
                tx <- job => {}
                Some(v) = <-rx else {} => assert_eq!(v.number, 2),
                <-other => {}
            }
        }
        Form::Temporary => {
            select! {
                tx <- ledger.value(1) => {}
                Some(v) = <-rx else {} => assert_eq!(v.number, 2),
                <-other => {}
            }
        }
        Form::PlaceResult => {
            let job = ledger.value(1);
            select! {
                r = tx <- job => {
                    if let Err(error) = r {
                        assert_eq!(error.0.number, 1);
                    }
                }
                <-rx => {}
                <-other => {}
            }
        }
        Form::TemporaryResult => {
            select! {
                _ = tx <- ledger.value(1) => {}
                Some(_) = <-rx else {} => {}
                <-other => {}
            }
        }
    }
}

#[gochan::test]
fn se_06_whatever_ends_a_waiting_select_drops_every_value_once() {
    for end in ENDS {
        for form in FORMS {
            let ledger = Ledger::default();
            let ((out, taken), (given, inn)) = (chan!(Tracked).split(), chan!(Tracked).split());
            let other = chan!(());
            let selecting: JoinHandle<()> = {
                let (ledger, other) = (ledger.clone(), other.clone());
                let tx = out.clone();
                go!({ select_once(form, &ledger, &tx, &inn, &other) })
            };
            until_waiting(&selecting);
            let (mut taken, mut given) = (Some(taken), Some(given));
            match end {
                End::Take => assert_eq!(taken.as_ref().and_then(Receiver::recv).map(|v| v.number), Some(1)),
                End::Give => assert!(given.as_ref().is_some_and(|tx| tx.send(ledger.value(2)).is_ok())),
                End::CloseSend => assert!(out.close()),
                End::CloseRecv => close!(given),
                End::DropReceiver => taken = None,
                End::DropSender => given = None,
                End::Other => send!(other <- ()),
            }
            let panics = matches!(end, End::CloseSend | End::DropReceiver)
                && matches!(form, Form::Place | Form::Temporary);
            assert_eq!(selecting.join().is_err(), panics, "{end:?}, {form:?}");
            assert_eq!(ledger.dropped(), ledger.made(), "{end:?}, {form:?}");
            drop((taken, given, out));
            ledger.balances();
        }
    }
}

#[gochan::test]
fn se_06_whatever_ends_a_select_that_need_not_wait_drops_every_value_once() {
    for end in ENDS {
        for form in FORMS {
            let ledger = Ledger::default();
            let ((out, taken), (given, inn)) = (chan!(Tracked, 1).split(), chan!(Tracked, 1).split());
            let other = chan!((), 1);
            let (mut taken, mut given) = (Some(taken), Some(given));
            if !matches!(end, End::Take) {
                assert!(out.send(ledger.value(0)).is_ok());
            }
            match end {
                End::Take => {}
                End::Give => assert!(given.as_ref().is_some_and(|tx| tx.send(ledger.value(2)).is_ok())),
                End::CloseSend => assert!(out.close()),
                End::CloseRecv => close!(given),
                End::DropReceiver => taken = None,
                End::DropSender => given = None,
                End::Other => send!(other <- ()),
            }
            let selecting = || select_once(form, &ledger, &out, &inn, &other);
            if matches!(end, End::CloseSend | End::DropReceiver)
                && matches!(form, Form::Place | Form::Temporary)
            {
                panic_of(selecting);
            } else {
                selecting();
            }
            drop((taken, given, inn, out));
            ledger.balances();
        }
    }
}

#[gochan::test]
fn se_23_a_panic_at_any_operand_drops_what_came_before_it_once() {
    for at in 0..6 {
        let (ledger, ch) = (Ledger::default(), chan!(Tracked, 1));
        let step = |here: u32| assert_ne!(at, here, "as asked");
        let said = panic_of(|| {
            let job = ledger.value(1);
            select! {
                {
                    step(0);
                    &ch
                } <- ledger.value(2) => unreachable!(),
                ch <- {
                    let value = ledger.value(3);
                    step(1);
                    value
                } => unreachable!(),
                ch <- job, if {
                    step(2);
                    true
                } => unreachable!(),
                <-{
                    step(3);
                    &ch
                } => unreachable!(),
                r = ch <- {
                    step(4);
                    ledger.value(4)
                }, if false => unreachable!("{r:?}"),
                Some(_) = <-ch, if {
                    step(5);
                    true
                } => unreachable!(),
            }
        });
        assert!(said.contains("as asked"), "{said}");
        assert_eq!(ch.len(), 0, "nothing was sent");
        ledger.balances();
    }
}

#[gochan::test]
fn se_13_leaving_a_body_by_a_jump_drops_every_value_once() {
    let ledger = Ledger::default();
    let (full, other) = (chan!(Tracked, 1), chan!(Tracked, 1));
    assert!(full.send(ledger.value(0)).is_ok());
    let leave = |how: u32| -> Option<u64> {
        for _ in 0..3 {
            assert!(other.send(ledger.value(1)).is_ok());
            let job = ledger.value(2);
            select! {
                full <- job => unreachable!(),
                full <- ledger.value(3) => unreachable!(),
                Some(v) = <-other => match how {
                    0 => break,
                    1 => continue,
                    2 => return Some(v.number),
                    _ => Some(v).filter(|_| how == 4).map(|v| v.number + job.number)?,
                },
            };
        }
        None
    };
    assert_eq!([leave(0), leave(1), leave(2), leave(3), leave(4)], [None, None, Some(1), None, None]);
    drop((full, other));
    ledger.balances();
}

#[gochan::test]
fn se_22_dropping_a_builder_drops_the_values_it_still_holds_once() {
    for ready in 0..4 {
        let ledger = Ledger::default();
        let channels = [(); 3].map(|()| chan!(Tracked, 1));
        {
            let mut select = Select::new();
            for (number, ch) in (0..).zip(&channels) {
                if number != ready {
                    assert!(ch.send(ledger.value(10 + number)).is_ok());
                }
                select.send(ch, ledger.value(number));
            }
            assert_eq!(
                select.try_wait().map(|selected| selected.index()),
                (ready < 3).then_some(ready as usize)
            );
        }
        drop(channels);
        ledger.balances();
    }
}

/// Goroutines and threads that select on the same few channels, and an end that is drawn.
#[test]
fn se_14_every_order_of_ending_drops_every_value_once() {
    let _watchdog = watchdog();
    let mut random = seeded();
    for round in 0..300 {
        let ledger = Ledger::default();
        let channels = [(); 2].map(|()| chan!(Tracked, random.usize(..3)));
        let quit = chan!(());
        let body = |mut random: fastrand::Rng, ledger: Ledger| {
            let ([(ax, ar), (bx, br)], quit) = (channels.clone().map(Chan::split), quit.receiver());
            move || {
                for number in 0..random.u64(..8) {
                    let job = ledger.value(number);
                    select! {
                        _ = ax <- job => {}
                        _ = bx <- job, if random.bool() => {}
                        Some(v) = <-ar => drop(v),
                        Some(_) = <-br => {}
                        _ = bx <- ledger.value(100), if random.bool() => {}
                        <-quit => return,
                    }
                }
            }
        };
        let goroutines: Vec<_> =
            (0..random.u32(1..5)).map(|_| go!(body(random.fork(), ledger.clone())())).collect();
        let threads: Vec<_> =
            (0..random.u32(..2)).map(|_| thread::spawn(body(random.fork(), ledger.clone()))).collect();
        (0..random.u32(..4)).for_each(|_| runtime::gosched());
        let [a, b] = channels;
        match random.u32(..3) {
            0 => {}
            1 => _ = a.close(),
            _ => drop((a.try_recv(), b.try_recv())),
        }
        if random.bool() {
            drop((a, b));
            close!(quit);
        } else {
            close!(quit);
            drop((b, a));
        }
        for goroutine in goroutines {
            goroutine.join().unwrap_or_else(|panic| panic!("round {round}: {}", message(&*panic)));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        crate::common::until(|| ledger.dropped() >= ledger.made());
        ledger.balances();
    }
}
