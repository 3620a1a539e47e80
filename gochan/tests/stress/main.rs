//! Channels under random load: many senders and receivers of every kind, operations drawn at random,
//! closes and dropped handles at any moment, and every value accounted for. Selects have a file of their own.
//!
//! `GOCHAN_STRESS_SECONDS` makes it longer, `GOCHAN_STRESS_SEED` repeats a run as far as the scheduler
//! lets it.

#[path = "../common/mod.rs"]
mod common;
mod select;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use common::{Ledger, Tracked, message, seeded};
use fastrand::Rng;
use gochan::chan::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use gochan::prelude::*;
use gochan::{JoinHandle, runtime};

/// Room for the numbers of one sender.
const NUMBERS: u64 = 1 << 32;

/// How a round ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The senders send all they have and drop their handles; the receivers drain.
    Drain,
    /// Somebody closes the channel at some moment; the receivers drain.
    Close,
    /// The receivers leave one by one; the senders find out.
    Abandon,
}

/// What a round consists of.
#[derive(Debug)]
struct Plan {
    capacity: usize,
    senders: Vec<Who>,
    receivers: Vec<Who>,
    values: u64,
    end: End,
    /// Receivers may drop a future that was already promised a value; it then comes later than others.
    drops_futures: bool,
}

/// Who runs one end.
#[derive(Clone, Copy, Debug)]
enum Who {
    Goroutine,
    Thread,
}

impl Plan {
    fn draw(random: &mut Rng) -> Self {
        let crowd = |random: &mut Rng| -> Vec<Who> {
            (0..random.usize(1..=8))
                .map(|_| if random.u32(..4) > 0 { Who::Goroutine } else { Who::Thread })
                .collect()
        };
        Self {
            capacity: [0, 0, 1, 2, 3, 7, 64][random.usize(..7)],
            senders: crowd(random),
            receivers: crowd(random),
            values: random.u64(1..=300),
            end: [End::Drain, End::Close, End::Abandon][random.usize(..3)],
            drops_futures: random.u32(..4) == 0,
        }
    }
}

/// A running end, whoever runs it.
enum Running<T> {
    Goroutine(JoinHandle<T>),
    Thread(thread::JoinHandle<T>),
}

impl<T: Send + 'static> Running<T> {
    fn start(who: Who, body: impl FnOnce() -> T + Send + 'static) -> Self {
        match who {
            Who::Goroutine => Self::Goroutine(go!(body())),
            Who::Thread => Self::Thread(thread::spawn(body)),
        }
    }

    fn join(self) -> T {
        let ended = match self {
            Self::Goroutine(handle) => handle.join(),
            Self::Thread(handle) => handle.join(),
        };
        ended.unwrap_or_else(|payload| panic!("{}", message(&*payload)))
    }
}

fn moment(random: &mut Rng) -> Duration {
    Duration::from_nanos(random.u64(..30_000))
}

/// Whether this is a plain thread, which may run an executor: one that waits would stop a worker.
fn may_block_on() -> bool {
    runtime::current_id().is_none()
}

/// Sends `base..base + values`, each until it is taken. Returns how many were; stops at the close.
fn send_all(tx: &Sender<Tracked>, ledger: &Ledger, base: u64, values: u64, random: &mut Rng) -> u64 {
    for sent in 0..values {
        let mut value = ledger.value(base + sent);
        loop {
            let back = match random.u32(..10) {
                0..=4 => match tx.send(value) {
                    Ok(()) => break,
                    Err(SendError(_)) => return sent,
                },
                5 => match tx.try_send(value) {
                    Ok(()) => break,
                    Err(TrySendError::Full(back)) => back,
                    Err(TrySendError::Closed(_)) => return sent,
                },
                6 => match tx.send_timeout(value, moment(random)) {
                    Ok(()) => break,
                    Err(SendTimeoutError::Timeout(back)) => back,
                    Err(SendTimeoutError::Closed(_)) => return sent,
                },
                // gochan-lint: allow(foreign_block_on) an executor is one of the ways to send
                7 if may_block_on() => match pollster::block_on(tx.send_async(value)) {
                    Ok(()) => break,
                    Err(SendError(_)) => return sent,
                },
                7 | 8 => {
                    runtime::gosched();
                    value
                }
                _ => {
                    drop((tx.clone(), tx.clone()));
                    value
                }
            };
            assert_eq!(back.number, base + sent, "another value came back");
            value = back;
        }
    }
    values
}

/// Receives until the channel is drained, or until `limit` values have come.
fn receive(rx: &Receiver<Tracked>, limit: usize, drops_futures: bool, random: &mut Rng) -> Vec<u64> {
    let mut received = Vec::new();
    while received.len() < limit {
        match random.u32(..10) {
            0..=4 => match rx.recv() {
                Some(value) => received.push(value.number),
                None => break,
            },
            5 => match rx.try_recv() {
                Ok(value) => received.push(value.number),
                Err(TryRecvError::Empty) => runtime::gosched(),
                Err(TryRecvError::Closed) => break,
            },
            6 => match rx.recv_timeout(moment(random)) {
                Ok(value) => received.push(value.number),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Closed) => break,
            },
            7 if drops_futures => {
                let mut future = pin!(rx.recv_async());
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..random.u32(1..4) {
                    match future.as_mut().poll(&mut context) {
                        Poll::Ready(Some(value)) => received.push(value.number),
                        Poll::Ready(None) => return received,
                        Poll::Pending => {
                            runtime::gosched();
                            continue;
                        }
                    }
                    break;
                }
            }
            // gochan-lint: allow(foreign_block_on) an executor is one of the ways to receive
            7 if may_block_on() => match pollster::block_on(rx.recv_async()) {
                Some(value) => received.push(value.number),
                None => break,
            },
            7 | 8 => {
                received.extend(rx.try_iter().take(3.min(limit - received.len())).map(|value| value.number));
            }
            _ => drop((rx.clone(), rx.clone())),
        }
    }
    received
}

fn round(plan: &Plan, random: &mut Rng) {
    let ledger = Ledger::default();
    let (tx, rx) = chan!(Tracked, plan.capacity).split();

    let senders: Vec<Running<u64>> = (0..)
        .zip(&plan.senders)
        .map(|(sender, who)| {
            let (tx, ledger, mut random, values) = (tx.clone(), ledger.clone(), random.fork(), plan.values);
            Running::start(*who, move || send_all(&tx, &ledger, sender * NUMBERS, values, &mut random))
        })
        .collect();
    let receivers: Vec<Running<Vec<u64>>> = plan
        .receivers
        .iter()
        .map(|who| {
            let limit = if plan.end == End::Abandon { random.usize(..200) } else { usize::MAX };
            let (rx, mut random, drops_futures) = (rx.clone(), random.fork(), plan.drops_futures);
            Running::start(*who, move || receive(&rx, limit, drops_futures, &mut random))
        })
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    let observer = {
        // Holds no handle that would keep the receiving side alive.
        let (tx, stop, capacity) =
            ((plan.end == End::Close).then(|| tx.clone()), stop.clone(), plan.capacity);
        thread::spawn(move || {
            while let Some(tx) = &tx
                && !stop.load(SeqCst)
            {
                let len = tx.len();
                assert!(len <= capacity, "{len} values in a buffer of {capacity}");
                thread::yield_now();
            }
        })
    };
    if plan.end == End::Close {
        for _ in 0..random.u32(..2000) {
            runtime::gosched();
        }
        assert!(tx.close(), "nobody else closes");
    }
    drop((tx, rx));

    let sent: Vec<u64> = senders.into_iter().map(Running::join).collect();
    let received: Vec<Vec<u64>> = receivers.into_iter().map(Running::join).collect();
    stop.store(true, SeqCst);
    observer.join().unwrap_or_else(|payload| panic!("{}", message(&*payload)));

    let mut times = HashMap::<u64, u32>::new();
    for values in &received {
        values.iter().for_each(|value| *times.entry(*value).or_default() += 1);
        if !plan.drops_futures {
            in_order_of_each_sender(values);
        }
    }
    for (value, times) in &times {
        let (sender, number) = ((value / NUMBERS) as usize, value % NUMBERS);
        assert_eq!(*times, 1, "value {number} of sender {sender} came more than once");
        assert!(number < sent[sender], "value {number} of sender {sender} came, but was returned to it");
    }
    let sent: u64 = sent.iter().sum();
    if plan.end == End::Abandon {
        assert!(times.len() as u64 <= sent);
    } else {
        assert_eq!(times.len() as u64, sent, "values received and sent");
    }
    if plan.end == End::Drain {
        assert_eq!(sent, plan.values * plan.senders.len() as u64);
    }
    ledger.balances();
}

#[track_caller]
fn in_order_of_each_sender(values: &[u64]) {
    let mut last = HashMap::new();
    for value in values {
        if let Some(before) = last.insert(value / NUMBERS, value) {
            assert!(before < value, "{value} came after {before}");
        }
    }
}

/// One round after the other, each as a plan that is drawn, for as long as was asked for.
fn rounds<Plan: std::fmt::Debug>(draw: fn(&mut Rng) -> Plan, round: fn(&Plan, &mut Rng)) {
    let seconds =
        std::env::var("GOCHAN_STRESS_SECONDS").ok().map(|seconds| seconds.parse().expect("a number"));
    let budget = Duration::from_secs_f64(seconds.unwrap_or(2.5));
    let mut random = seeded();
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < budget || rounds == 0 {
        let _watchdog = common::watchdog();
        let plan = draw(&mut random);
        let mut own = random.fork();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| round(&plan, &mut own)));
        if let Err(payload) = outcome {
            panic!("round {rounds}: {}\n{plan:?}", message(&*payload));
        }
        rounds += 1;
    }
    println!("{rounds} rounds");
}

#[test]
fn ch_30_every_value_is_accounted_for_under_random_load() {
    rounds(Plan::draw, round);
}

#[test]
fn wg_01_no_wait_is_lost_under_random_load() {
    let _watchdog = common::watchdog();
    let mut random = seeded();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(300) {
        let wg = WaitGroup::new();
        let count = random.usize(1..50);
        wg.add(count.cast_signed());
        let waiters: Vec<_> = (0..random.u32(..5)).map(|_| go!([wg] { wg.wait() })).collect();
        for _ in 0..count {
            let who = if random.u32(..10) == 0 { Who::Thread } else { Who::Goroutine };
            let wg = wg.clone();
            let pause = random.bool();
            Running::start(who, move || {
                if pause {
                    runtime::gosched();
                }
                wg.done();
            });
        }
        wg.wait();
        waiters
            .into_iter()
            .for_each(|waiter| waiter.join().unwrap_or_else(|payload| panic!("{}", message(&*payload))));
    }
}
