//! The two words of a source in weak memory: what an event, a close, a deadline and the end of a context tell of, and the
//! waiter that parks meanwhile. A lost wake is a deadlock, which loom reports.

use super::direction::{Direction, Operation, poke, poke_both};
use crate::base::clock::Moment;
use crate::poll::{Side, Words};
use crate::sched::worker::poller::wake;
use crate::shim::atomic::{AtomicBool, AtomicU32, Ordering::*};
use crate::shim::{UnsafeCell, check};
use loom::thread;
use std::io::{self, ErrorKind};
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

/// What the peer has sent. The kernel orders it by itself.
const END: u32 = 100;

struct Pretended {
    words: Words,
    directions: [Direction; 2],
    closed: AtomicBool,
    there: AtomicU32,
    /// What the thread that polls knows of the event. loom checks the accesses.
    told: UnsafeCell<u32>,
}

// SAFETY: the models check that no access to `told` is concurrent with a write.
unsafe impl Sync for Pretended {}
// SAFETY: as above.
unsafe impl Send for Pretended {}

impl Pretended {
    fn new() -> Arc<Pretended> {
        Arc::new(Pretended {
            words: Words::new(),
            directions: [Direction::new(), Direction::new()],
            closed: AtomicBool::new(false),
            there: AtomicU32::new(0),
            told: UnsafeCell::new(0),
        })
    }

    /// As `Source::operate`. `attempt` says what there is, if anything.
    fn operate<R>(&self, side: Side, mut attempt: impl FnMut() -> Option<R>) -> io::Result<R> {
        let operation = match side {
            Side::Reading => Operation::reading(Location::caller()),
            Side::Writing => Operation::writing(Location::caller()),
        };
        let direction = &self.directions[side as usize];
        let check = || direction.check(&self.words, self.closed.load(SeqCst), &operation, Moment::NEVER);
        check()?;
        let word = self.words.side(side);
        loop {
            if word.begin_attempt()
                && let Some(result) = attempt()
            {
                return Ok(result);
            }
            direction.park(word, &operation, Moment::NEVER, &check);
            if !word.is_ready() || self.closed.load(SeqCst) {
                check()?;
            }
        }
    }

    /// Takes what there is; the end stays.
    fn read(&self) -> io::Result<u32> {
        self.operate(Side::Reading, || match self.there.load(SeqCst) {
            0 => None,
            END => Some(0),
            some => {
                self.there.fetch_sub(some.min(END), SeqCst);
                // Short reads, so that the next attempt is left out unless there is an event.
                self.words.drained();
                Some(some.min(END))
            }
        })
    }

    fn event(&self, side: Side) {
        if let Some(waiter) = self.words.side(side).event() {
            wake(waiter);
        }
    }

    fn close(&self) {
        self.closed.store(true, SeqCst);
        poke_both(&self.words);
    }
}

fn start(source: &Arc<Pretended>, act: fn(&Pretended)) -> thread::JoinHandle<()> {
    let source = source.clone();
    thread::spawn(move || act(&source))
}

#[test]
fn an_event_wakes_and_what_it_tells_is_known() {
    check(3, || {
        let source = Pretended::new();
        let event = start(&source, |source| {
            // SAFETY: before the event, and read after it.
            source.told.with_mut(|told| unsafe { *told = 1 });
            source.there.store(1, SeqCst);
            source.event(Side::Reading);
        });
        let word = source.words.side(Side::Reading);
        // As `wait_once`, which trusts nothing but the event.
        let operation = Operation::reading(Location::caller());
        while !word.is_ready() {
            source.directions[0].park(word, &operation, Moment::NEVER, &|| Ok(()));
        }
        assert!(word.begin_attempt());
        // SAFETY: see above.
        assert_eq!(source.told.with(|told| unsafe { *told }), 1);
        event.join().unwrap();
    });
}

/// Data, and then the end, each with its event; the end's may come with the data, and has no other.
#[test]
fn the_end_behind_the_data_is_read() {
    check(3, || {
        let source = Pretended::new();
        let event = start(&source, |source| {
            source.there.store(1 + END, SeqCst);
            source.words.hang_up();
            source.event(Side::Reading);
        });
        let mut read = Vec::new();
        // What the attempt takes is the data alone.
        let first = source.operate(Side::Reading, || {
            let there = source.there.load(SeqCst);
            (there != 0).then(|| {
                source.there.fetch_sub(1, SeqCst);
                source.words.drained();
                1
            })
        });
        read.push(first.unwrap());
        read.push(source.read().unwrap());
        assert_eq!(read, [1, 0]);
        event.join().unwrap();
    });
}

#[test]
fn a_close_ends_the_waits_of_both_directions() {
    check(2, || {
        let source = Pretended::new();
        let writer = start(&source, |source| {
            let error = source.operate::<()>(Side::Writing, || None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotConnected);
        });
        let closer = start(&source, Pretended::close);
        assert_eq!(source.read().unwrap_err().kind(), ErrorKind::NotConnected);
        writer.join().unwrap();
        closer.join().unwrap();
        assert_eq!(source.words.count_waiters(), 0);
    });
}

#[test]
fn a_deadline_or_a_context_ends_the_wait() {
    for ends in [
        |source: &Pretended| source.directions[0].set_deadline(Some(Instant::now())),
        |source: &Pretended| {
            source.words.ended.fetch_add(1 << 16, SeqCst);
        },
    ] {
        check(3, move || {
            let source = Pretended::new();
            let act = {
                let source = source.clone();
                thread::spawn(move || {
                    ends(&source);
                    poke(&source.words, Side::Reading);
                })
            };
            assert_eq!(source.read().unwrap_err().kind(), ErrorKind::TimedOut);
            act.join().unwrap();
        });
    }
}

/// An event and a close at once. The outcome is one of the two; the waiter is woken once, or it would be freed twice.
#[test]
fn an_event_and_a_close_race() {
    check(3, || {
        let source = Pretended::new();
        let acts = [
            start(&source, |source| {
                source.there.store(1, SeqCst);
                source.event(Side::Reading);
            }),
            start(&source, Pretended::close),
        ];
        match source.read() {
            Ok(read) => assert_eq!(read, 1),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotConnected),
        }
        acts.into_iter().for_each(|act| act.join().unwrap());
        assert_eq!(source.words.count_waiters(), 0);
    });
}

#[test]
fn an_event_and_a_deadline_race() {
    check(3, || {
        let source = Pretended::new();
        let acts = [
            start(&source, |source| {
                source.there.store(1, SeqCst);
                source.event(Side::Reading);
            }),
            start(&source, |source| {
                source.directions[0].set_deadline(Some(Instant::now()));
                poke(&source.words, Side::Reading);
            }),
        ];
        match source.read() {
            Ok(read) => assert_eq!(read, 1),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                // The next operation is not hit by what has passed.
                source.directions[0].set_deadline(None);
                assert_eq!(source.read().unwrap(), 1);
            }
        }
        acts.into_iter().for_each(|act| act.join().unwrap());
    });
}
