//! On which worker a goroutine starts, and so stays: a started goroutine never moves.
//!
//! Goroutines from *different* `go!` sites are roles of one conversation, such as producer and consumer. They stay with
//! their parent, where a hand-over costs nanoseconds and not a wake on another core. Goroutines from *one* site are workers
//! of one pool. They are spread, in runs that grow (1, 1, 5, 5, 25, 25, … for two workers), so that a pool of two already
//! uses two cores, while in a chain of a thousand stages built in a loop nearly all neighbours are on one worker.
//!
//! If there are more workers than processors, goroutines are spread over as many as there are processors: over more of them
//! they would take turns on a processor, at the price of a switch of threads for each hand-over. Once the monitor has seen a
//! goroutine hold up its worker in a system call, they are spread over all.
//!
//! A loop that spawns hundreds without ever waiting continues at home once the other workers have their share: what it
//! spawns is quickly done, or will be stolen in bulk. An accept loop, which waits in between, keeps spreading.
//!
//! A site starts again once the goroutines that it has spawned have ended: a function that is called ten times and starts
//! one partner each time has ten conversations and not a pool of ten. A few that only wait for their turn on the parent's
//! worker are assumed to be about to end.
//!
//! A goroutine that spawns at the place where it was spawned itself is part of a recursion. Its children start where it runs,
//! the newest first ([`fresh_queue`](super::fresh_queue)); idle workers steal the oldest, which are whole branches.
//!
//! What serves a connection is not left to that: an accept chooses the worker with the fewest connections, and the next
//! goroutine that the acceptor starts goes there and is not stolen, because a connection stays for good where it is first
//! served. See [`seats`](super::seats).
//!
//! Idle workers also steal fresh goroutines that have waited. The constants are in [`policy`](super::policy).

use crate::base::policy::{ABOUT_TO_END, LONGEST_RUN, RUN_GROWTH, SITES};
use std::cell::Cell;
use std::panic::Location;
use std::ptr;

/// The worker on which a goroutine should start. Not a guarantee: an idle worker may take a goroutine that has waited too
/// long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Placement {
    /// The default rule: goroutines spawned from one place in the source are spread; those of a recursion, and all others,
    /// start on their parent's worker; the first one after an accept starts on the worker with the fewest accepted connections.
    #[default]
    Auto,
    /// On the spawning goroutine's worker, for goroutines that communicate a lot.
    Local,
    /// On the next worker in turn, for independent work.
    Spread,
    /// On the worker with this number, counted from zero, modulo the number of workers.
    Worker(usize),
}

/// The sites from which a parent has spawned.
#[derive(Debug)]
pub(crate) struct Siblings {
    sites: [Cell<Site>; SITES],
    /// The worker on which the next goroutine is to start, to serve what the parent has accepted, and one.
    seat: Cell<u32>,
}

/// Numbers of goroutines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alive {
    pub(crate) all: usize,
    /// Those that wait for their turn on the parent's worker.
    pub(crate) ready: usize,
}

#[derive(Debug, Clone, Copy)]
struct Site {
    place: *const Location<'static>,
    /// The worker of the current run, counted from the parent's.
    offset: u16,
    run: u16,
    left_in_run: u16,
    /// Goroutines alive, in the whole process, before the first one from here.
    alive_before: usize,
    /// The parent's turn in which the current run began.
    turn: Option<u32>,
}

const NO_SITE: Site =
    Site { place: ptr::null(), offset: 0, run: 0, left_in_run: 0, alive_before: 0, turn: None };

impl Siblings {
    pub(crate) const fn new() -> Siblings {
        Siblings { sites: [const { Cell::new(NO_SITE) }; SITES], seat: Cell::new(0) }
    }

    #[inline]
    pub(crate) fn reset(&self) {
        self.sites.iter().for_each(|site| site.set(NO_SITE));
        self.seat.set(0);
    }

    /// The next goroutine starts on this worker.
    pub(crate) fn seat_next(&self, worker: usize) {
        self.seat.set(worker as u32 + 1);
    }

    /// Where the next goroutine starts, if it is to serve what its parent has accepted.
    #[inline]
    pub(crate) fn take_seat(&self) -> Option<usize> {
        match self.seat.get() {
            0 => None,
            seat => {
                self.seat.set(0);
                Some(seat as usize - 1)
            }
        }
    }

    /// How many workers away from its parent the next goroutine from `place` starts, of `workers` in all. `turn` is the
    /// number of the parent's turn, if it has turns. `own_site` is where the parent was spawned, if it is a goroutine.
    /// `alive` counts the goroutines of the process without the new one, and how many of them are ready on the parent's
    /// worker. Both are called once per run.
    #[inline]
    pub(crate) fn next_offset(
        &self,
        place: &'static Location<'static>,
        workers: usize,
        turn: Option<u32>,
        own_site: impl FnOnce() -> Option<&'static Location<'static>>,
        alive: impl FnOnce() -> Alive,
    ) -> usize {
        let first = self.sites[0].get();
        if ptr::eq(first.place, place) && first.left_in_run > 0 {
            self.sites[0].set(Site { left_in_run: first.left_in_run - 1, ..first });
            return usize::from(first.offset);
        }
        if own_site().is_some_and(|own| ptr::eq(own, place)) {
            return 0;
        }
        self.start_run(place, workers, turn, alive())
    }

    fn start_run(
        &self,
        place: &'static Location<'static>,
        workers: usize,
        turn: Option<u32>,
        Alive { all: alive, ready }: Alive,
    ) -> usize {
        let known = self.sites.iter().position(|site| ptr::eq(site.get().place, place));
        let first = Site { place, offset: 0, run: 1, left_in_run: 1, alive_before: alive, turn };
        let mut site = match known.map(|index| self.sites[index].get()) {
            None => first,
            Some(site) if alive <= site.alive_before => first,
            Some(site) if turn != site.turn && alive - ready.min(ABOUT_TO_END) <= site.alive_before => first,
            Some(mut site) => {
                if site.left_in_run == 0 && site.run == LONGEST_RUN && turn.is_some() && turn == site.turn {
                    site.left_in_run = LONGEST_RUN;
                } else if site.left_in_run == 0 {
                    site.turn = turn;
                    site.offset += 1;
                    if usize::from(site.offset) >= workers {
                        site.offset = 0;
                        site.run = (site.run * RUN_GROWTH).min(LONGEST_RUN);
                    }
                    site.left_in_run = site.run;
                }
                site
            }
        };
        site.left_in_run -= 1;
        // Most recently used first, so that a loop finds its site at once.
        for index in (1..=known.unwrap_or(SITES - 1)).rev() {
            self.sites[index].set(self.sites[index - 1].get());
        }
        self.sites[0].set(site);
        usize::from(site.offset)
    }
}

#[cfg(test)]
mod tests {
    use crate::base::placement::*;

    fn parked(all: usize) -> Alive {
        Alive { all, ready: 0 }
    }

    /// The offsets of `count` goroutines from `place`, none of which ends, with `alive` before the first.
    fn offsets(
        siblings: &Siblings,
        place: &'static Location<'static>,
        alive: usize,
        count: usize,
    ) -> Vec<usize> {
        (0..count)
            .map(|spawned| siblings.next_offset(place, 2, None, || None, || parked(alive + spawned)))
            .collect()
    }

    #[test]
    fn siblings_of_one_site_are_spread_in_growing_runs() {
        let siblings = Siblings::new();
        assert_eq!(offsets(&siblings, Location::caller(), 1, 10), [0, 1, 0, 0, 0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn a_loop_that_never_waits_goes_on_at_home_and_one_that_waits_does_not() {
        let place = Location::caller();
        let away = |turn: fn(usize) -> Option<u32>| {
            let siblings = Siblings::new();
            (0..1000)
                .filter(|&spawned| {
                    siblings.next_offset(place, 2, turn(spawned), || None, || parked(1 + spawned)) != 0
                })
                .count()
        };
        assert_eq!(away(|_| Some(7)), 1 + 5 + 25);
        assert!((400..=600).contains(&away(|spawned| Some(spawned as u32))));
    }

    #[test]
    fn different_sites_stay_with_the_parent_and_do_not_disturb_each_other() {
        let siblings = Siblings::new();
        let (a, b) = (Location::caller(), Location::caller());
        assert_eq!(offsets(&siblings, a, 1, 1), [0]);
        assert_eq!(offsets(&siblings, b, 2, 1), [0]);
        assert_eq!(offsets(&siblings, a, 3, 2), [1, 0]);
        assert_eq!(offsets(&siblings, b, 5, 2), [1, 0]);
    }

    #[test]
    fn a_site_whose_goroutines_have_ended_counts_anew() {
        let siblings = Siblings::new();
        let place = Location::caller();
        assert!((0..100).all(|_| siblings.next_offset(place, 2, None, || None, || parked(1)) == 0));
    }

    #[test]
    fn what_is_about_to_end_does_not_make_a_pool() {
        let siblings = Siblings::new();
        let place = Location::caller();
        // Two partners a call; those of the call before are still in the queue, to end in their next turn.
        let calls = 0..100_u32;
        let alive = |call: u32| Alive { all: if call == 0 { 1 } else { 3 }, ready: 2 };
        assert!(calls.clone().all(|call| siblings.next_offset(
            place,
            2,
            Some(call),
            || None,
            || alive(call)
        ) == 0));
        // Handlers that stay, some of them ready, are spread.
        let siblings = Siblings::new();
        let handlers = |spawned: u32| Alive { all: 1 + spawned as usize, ready: spawned as usize / 2 };
        let away = calls.filter(|&spawned| {
            siblings.next_offset(place, 2, Some(spawned), || None, || handlers(spawned)) != 0
        });
        assert!((30..=60).contains(&away.count()));
    }

    #[test]
    fn a_recursion_stays_where_it_is() {
        let (siblings, place) = (Siblings::new(), Location::caller());
        let next = |all| siblings.next_offset(place, 2, None, || Some(place), || parked(all));
        assert!((1..100).all(|all| next(all) == 0));
    }

    #[test]
    fn one_worker_takes_everything() {
        let siblings = Siblings::new();
        assert!((0..100).all(|alive| siblings.next_offset(
            Location::caller(),
            1,
            None,
            || None,
            || parked(alive)
        ) == 0));
    }
}
