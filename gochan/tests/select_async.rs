//! Row SE-21: a select in a task that is polled at any moment, woken or not.

mod common;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use common::{Ledger, Tracked, watchdog};
use gochan::Select;
use gochan::prelude::*;

/// Senders meet a select that is queued, leaves and queues again all the time: each value is received once. Under
/// ThreadSanitizer this also shows whether a poll looks at what a sender is still writing.
#[test]
fn se_21_a_task_that_is_polled_for_no_reason_loses_nothing() {
    let _watchdog = watchdog();
    const EACH: u64 = 20_000;
    let ledger = Ledger::default();
    let sources = [Chan::<Tracked>::new(), Chan::new()];
    let senders: Vec<_> = sources
        .iter()
        .map(|source| {
            let (source, ledger) = (source.sender(), ledger.clone());
            thread::spawn(move || (0..EACH).for_each(|n| source.send(ledger.value(n)).unwrap()))
        })
        .collect();
    let mut select = Select::new();
    let arms = [select.recv(&sources[0]), select.recv(&sources[1])];
    let mut expected = [0; 2];
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..2 * EACH {
        let mut wait = pin!(select.wait_async());
        let ready = loop {
            match wait.as_mut().poll(&mut context) {
                Poll::Ready(ready) => break ready,
                Poll::Pending => std::hint::spin_loop(),
            }
        };
        let index = ready.index();
        let value = ready.recv(arms[index]).expect("nobody closes");
        assert_eq!(value.number, expected[index], "in order and once");
        expected[index] += 1;
    }
    drop(select);
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    ledger.balances();
}
