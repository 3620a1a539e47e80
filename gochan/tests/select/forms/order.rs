//! What is evaluated when.

use super::*;

#[gochan::test]
fn operands_are_evaluated_once_as_written() {
    let log = RefCell::new(Vec::new());
    let (rx, tx) = (chan!(u32), chan!(u32));
    let note = |what| log.borrow_mut().push(what);
    select! {
        _ = <-{
            note("receive");
            &rx
        }, if {
            note("guard");
            true
        } => {}
        {
            note("channel");
            &tx
        } <- {
            note("value");
            1
        }, if {
            note("false");
            false
        } => {}
        r = {
            note("second channel");
            &tx
        } <- {
            note("second value");
            1
        } => r.unwrap(),
        Some(_) = <-{
            note("some");
            &rx
        } else { unreachable!() } => {}
        default => note("default"),
    }
    assert_eq!(
        log.into_inner(),
        [
            "receive",
            "guard",
            "channel",
            "value",
            "false",
            "second channel",
            "second value",
            "some",
            "default"
        ]
    );
}

#[gochan::test]
fn a_place_is_read_when_it_is_sent() {
    let tx = chan!(Rc<Cell<u32>>, 1);
    let cell = Rc::new(Cell::new(1));
    select! {
        tx <- cell => {}
        <-{
            cell.set(2);
            chan!(())
        } => {}
    }
    assert_eq!(tx.recv().unwrap().get(), 2);
}

struct Temporary<'a> {
    ch: Chan<u32>,
    log: &'a RefCell<Vec<&'static str>>,
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        self.log.borrow_mut().push("dropped");
    }
}

#[gochan::test]
fn temporaries_end_between_the_choice_and_the_body() {
    let log = RefCell::new(Vec::new());
    let make = |ch: &Chan<u32>| Temporary { ch: ch.clone(), log: &log };
    let (rx, tx, n) = (closed([]), chan!(u32, 9), 1);
    let body = || log.borrow_mut().push("body");
    select! {
        _ = <-make(&rx).ch => body(),
    }
    select! {
        n = <-make(&rx).ch, if true => {
            assert_eq!(n, 0);
            body();
        }
    }
    select! {
        make(&tx).ch <- n => body(),
    }
    select! {
        make(&tx).ch <- n + 1 => body(),
    }
    select! {
        r = make(&tx).ch <- n => {
            r.unwrap();
            body();
        }
    }
    select! {
        Some(_) = <-make(&rx).ch else { body() } => {}
    }
    select! {
        _ = <-make(&tx).ch, if false => {}
        default => body(),
    }
    assert_eq!(log.into_inner(), ["dropped", "body"].repeat(7));
}

#[gochan::test]
fn the_temporaries_of_guards_and_values_end_before_the_wait() {
    let lock = std::sync::Mutex::new(1);
    let (tx, rx) = (chan!(u32), chan!(()));
    let taken = select! {
        tx <- *lock.lock().unwrap() + 1 => "sent",
        <-rx, if *lock.lock().unwrap() == 1 => "received",
        <-{
            assert!(lock.try_lock().is_ok());
            &rx
        } => "received",
        default => "neither",
    };
    assert_eq!(taken, "neither");
}

#[gochan::test]
fn the_channel_may_be_a_temporary() {
    let soon = || {
        let ch = chan!(());
        go!([ch] { close!(ch) });
        ch.receiver()
    };
    select! {
        <-soon() => {}
    }
    select! {
        <-chan!(u32) => {}
        <-soon() => {}
    }
}

#[gochan::test]
fn temporaries_of_a_body_end_before_what_its_arm_binds() {
    let cells = filled([RefCell::new(1), RefCell::new(2), RefCell::new(3)]);
    assert_eq!(
        select! {
            cell = <-cells => *cell.borrow(),
        },
        1
    );
    assert_eq!(
        select! {
            Some(cell) = <-cells => *cell.borrow(),
        },
        2
    );
    assert_eq!(
        select! {
            cell, ok = <-cells => {
                if ok {
                    *cell.borrow()
                } else {
                    0
                }
            }
        },
        3
    );
}
