//! The wait of one direction against events, closes and deadlines: each of them ends it, or it ends for another reason,
//! and no wake is lost, which shuttle would report as a deadlock, or given twice.

use super::direction::{Direction, Operation, poke};
use crate::base::clock::Moment;
use crate::poll::{Side, Words};
use crate::sched::worker::poller::wake;
use shuttle::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use shuttle::thread;
use std::io::{self, ErrorKind};
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

struct Pretended {
    words: Words,
    direction: Direction,
    closed: AtomicBool,
    /// What there is to read.
    data: AtomicU32,
}

impl Pretended {
    fn new() -> Arc<Pretended> {
        Arc::new(Pretended {
            words: Words::new(),
            direction: Direction::new(),
            closed: AtomicBool::new(false),
            data: AtomicU32::new(0),
        })
    }

    /// As `Source::operate`: takes all that there is, which leaves the source dry.
    fn read(&self) -> io::Result<u32> {
        let operation = Operation::reading(Location::caller());
        let _turn = self.direction.turn.take(operation.reason, operation.place);
        let check = || self.direction.check(&self.words, self.closed.load(SeqCst), &operation, Moment::NEVER);
        let word = self.words.side(Side::Reading);
        check()?;
        loop {
            if word.begin_attempt() {
                let read = self.data.swap(0, SeqCst);
                if read > 0 {
                    self.words.drained();
                    return Ok(read);
                }
            }
            self.direction.park(word, &operation, Moment::NEVER, &check);
            if !word.is_ready() || self.closed.load(SeqCst) {
                check()?;
            }
        }
    }

    fn event(&self) {
        self.data.fetch_add(1, SeqCst);
        if let Some(waiter) = self.words.side(Side::Reading).event() {
            wake(waiter);
        }
    }

    fn close(&self) {
        self.closed.store(true, SeqCst);
        poke(&self.words, Side::Reading);
    }

    fn set_deadline(&self, deadline: Option<Instant>) {
        self.direction.set_deadline(deadline);
        poke(&self.words, Side::Reading);
    }
}

fn start(source: &Arc<Pretended>, act: fn(&Pretended)) -> thread::JoinHandle<()> {
    let source = source.clone();
    thread::spawn(move || act(&source))
}

/// Two readers take the data of three events, while deadlines that do not matter come and go. Once all is taken the
/// source is closed.
fn data_come_through() {
    let source = Pretended::new();
    let taken = Arc::new(AtomicU32::new(0));
    let reading = |source: Arc<Pretended>, taken: Arc<AtomicU32>| {
        move || {
            while let Ok(read) = source.read() {
                if taken.fetch_add(read, SeqCst) + read == 3 {
                    source.close();
                }
            }
        }
    };
    let acts = [
        start(&source, |source| (0..3).for_each(|_| source.event())),
        start(&source, |source| source.set_deadline(None)),
        thread::spawn(reading(source.clone(), taken.clone())),
    ];
    reading(source, taken.clone())();
    acts.into_iter().for_each(|act| act.join().unwrap());
    assert_eq!(taken.load(SeqCst), 3);
}

/// Nothing but the close ends the wait.
fn a_close_is_seen() {
    let source = Pretended::new();
    let acts = [start(&source, Pretended::close), start(&source, |source| source.set_deadline(None))];
    assert_eq!(source.read().unwrap_err().kind(), ErrorKind::NotConnected);
    acts.into_iter().for_each(|act| act.join().unwrap());
}

/// Nothing but the deadline ends the wait.
fn a_deadline_is_seen() {
    let source = Pretended::new();
    let act = start(&source, |source| source.set_deadline(Some(Instant::now())));
    assert_eq!(source.read().unwrap_err().kind(), ErrorKind::TimedOut);
    act.join().unwrap();
}

/// All of them at once; what comes first is the outcome, and the next read has another.
fn all_race() {
    let source = Pretended::new();
    let acts = [
        start(&source, Pretended::event),
        start(&source, |source| source.set_deadline(Some(Instant::now()))),
        start(&source, Pretended::close),
    ];
    match source.read() {
        Ok(read) => {
            assert_eq!(read, 1);
            source.read().unwrap_err();
        }
        Err(error) => assert!(matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::NotConnected)),
    }
    acts.into_iter().for_each(|act| act.join().unwrap());
    assert_eq!(source.words.count_waiters(), 0);
}

#[test]
fn no_wake_is_lost_or_given_twice_at_random() {
    for scenario in [data_come_through, a_close_is_seen, a_deadline_is_seen, all_race] {
        shuttle::check_random(scenario, 5_000);
    }
}

#[test]
fn no_wake_is_lost_or_given_twice_under_rare_schedules() {
    for scenario in [data_come_through, a_close_is_seen, a_deadline_is_seen, all_race] {
        shuttle::check_pct(scenario, 5_000, 3);
    }
}
