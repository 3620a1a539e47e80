//! Goroutines and threads, as holders of locks and as waiters.

use crate::base::attributes;
use crate::base::test_group::shown_id;
use crate::sched::goroutine::Goroutine;
use crate::sched::threads;
use std::fmt;
use std::panic::Location;

/// A goroutine, or a thread outside any goroutine. The id is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Party(u64);

/// A party that must act before a wait can end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) party: Party,
    /// Where it locked, if it did.
    pub(crate) place: Option<&'static Location<'static>>,
}

impl Party {
    /// The calling party.
    #[inline]
    pub(crate) fn current() -> Party {
        match Goroutine::current() {
            Some(goroutine) => Party::goroutine(goroutine.id()),
            None => match threads::current() {
                Some(status) => Party::goroutine(status.id()),
                None => Party::thread(),
            },
        }
    }

    #[inline]
    pub(crate) fn goroutine(id: u64) -> Party {
        Party(id << 1)
    }

    /// The calling thread.
    #[cfg(gochan_model)]
    pub(crate) fn thread() -> Party {
        Party((usize::from(crate::shim::current().id()) as u64) << 1 | 1)
    }

    /// The calling thread.
    #[cfg(not(gochan_model))]
    pub(crate) fn thread() -> Party {
        use std::cell::Cell;
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        thread_local! { static NUMBER: Cell<u64> = const { Cell::new(0) } }
        NUMBER.with(|number| {
            let number = crate::own_tls::of_worker(number);
            if number.get() == 0 {
                number.set(NEXT.fetch_add(1, Relaxed) << 1 | 1);
            }
            Party(number.get())
        })
    }

    pub(crate) fn goroutine_id(self) -> Option<u64> {
        (self.0 & 1 == 0).then_some(self.0 >> 1)
    }

    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    /// `None` for zero.
    pub(crate) fn from_bits(bits: u64) -> Option<Party> {
        (bits != 0).then_some(Party(bits))
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(id) = self.goroutine_id() else { return f.write_str("a thread") };
        write!(f, "goroutine {}", shown_id(id))?;
        match attributes::name(id) {
            Some(name) => write!(f, " `{name}`"),
            None => Ok(()),
        }
    }
}

impl Held {
    /// By the end of a goroutine, or of what it runs.
    pub(crate) fn by(party: Party) -> Held {
        Held { party, place: None }
    }
}
