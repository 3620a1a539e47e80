//! Which worker serves a connection: of those with the fewest, the first.
//!
//! A connection takes a seat when it is accepted, before anything is known of the goroutine that will serve it; the next
//! goroutine that the acceptor starts goes to that worker. If the connection then waits on another one, its seat moves
//! there. So the counts are right whoever serves it, and connections that come together are spread as well as those
//! that stay.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};

/// The connections of a worker.
#[derive(Debug, Default)]
pub(crate) struct Seats(AtomicUsize);

impl Seats {
    pub(crate) fn taken(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// The seat of a connection, given back when it is dropped.
pub(crate) struct Seat(AtomicPtr<Seats>);

impl Seat {
    /// No seat, as what was not accepted has.
    pub(crate) const fn none() -> Seat {
        Seat(AtomicPtr::new(ptr::null_mut()))
    }

    pub(crate) fn of(seats: &'static Seats) -> Seat {
        seats.0.fetch_add(1, Relaxed);
        Seat(AtomicPtr::new(ptr::from_ref(seats).cast_mut()))
    }

    /// Moves to another worker, or to none. Without a seat nothing happens.
    pub(crate) fn change(&self, to: Option<&'static Seats>) {
        let next = to.map_or(ptr::null_mut(), |seats| ptr::from_ref(seats).cast_mut());
        let before = self.0.load(Relaxed);
        if before.is_null() || before == next {
            return;
        }
        if self.0.compare_exchange(before, next, Relaxed, Relaxed).is_ok() {
            // SAFETY: not null, and from a `&'static Seats`.
            unsafe { &*before }.0.fetch_sub(1, Relaxed);
            if let Some(to) = to {
                to.0.fetch_add(1, Relaxed);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.change(None);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seat({:p})", self.0.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_has_one_seat() {
        static SEATS: [Seats; 2] = [const { Seats(AtomicUsize::new(0)) }; 2];
        let taken = || [SEATS[0].taken(), SEATS[1].taken()];
        let (first, second) = (Seat::of(&SEATS[0]), Seat::of(&SEATS[0]));
        first.change(Some(&SEATS[1]));
        first.change(Some(&SEATS[1]));
        assert_eq!(taken(), [1, 1]);
        Seat::none().change(Some(&SEATS[0]));
        drop(second);
        assert_eq!(taken(), [0, 1]);
        first.change(None);
        first.change(Some(&SEATS[0]));
        drop(first);
        assert_eq!(taken(), [0, 0]);
    }
}
