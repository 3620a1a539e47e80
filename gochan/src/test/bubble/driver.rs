//! The calls of a bubble's goroutines, which reach it through its worker: yields, points and their announcements.

use super::Bubble;
use super::time::Pause;
use crate::base::clock::Moment;
use crate::base::scopes;
use crate::base::touch::Touch;
use crate::sched::goroutine::Goroutine;
use crate::sched::park::{Parker, WaitReason};
use crate::sched::worker::driver::{Driver, Operation, Point, Runnable, Turn};
use crate::test::director::{Choice, Current, Event};
use crate::test::own_workers::outlive_goroutines;
use std::cmp::Reverse;
use std::panic::Location;
use std::time::Instant;

impl Driver for Bubble {
    fn pause(
        &'static self,
        goroutine: &'static Goroutine,
        asked: Option<&'static Location<'static>>,
    ) -> Option<&'static Goroutine> {
        let yields = asked.is_some();
        if self.is_ending() {
            return self.pause_at_end(goroutine, yields && !scopes::is_inside(&goroutine.here()));
        }
        self.collect();
        let number = self.running.get();
        let (point, is_poll) = (self.point.take(), self.is_poll.take());
        let is_explored = self.director.is_asked_often();
        if is_explored {
            if yields {
                // The point may separate things that the runtime does not see.
                self.director.announces(&[Touch::EVERYTHING]);
            }
            let gosched = asked.map(|place| Operation { name: "gosched", place: Some(place) });
            self.director.saw(match point {
                Some(Point::Before(operation)) => Event::Arrived(number, operation),
                Some(Point::After(operation)) => Event::Operated(number, Some(operation)),
                None => Event::Operated(number, gosched),
            });
        } else {
            self.worker.refill_budget();
        }
        self.count_in_vain(match (yields, is_poll) {
            (true, _) => Pause::Yielded,
            (false, true) => Pause::Polled,
            (false, false) => Pause::Operated,
        });
        let clock_acts = self.is_stalled() || (!is_explored && self.is_due());
        let deadline = self.offered_deadline();
        let is_alone = self.ready.borrow().len() == 0 && deadline.is_none();
        if (is_alone && !clock_acts) || (!yields && scopes::is_inside(&goroutine.here())) {
            return None;
        }
        let me = (number, Runnable::Started(goroutine));
        if clock_acts {
            self.aside.set(Some(me));
            return Some(goroutine);
        }
        match self.choose(Some(Current { number, yields }), deadline) {
            Choice::Stay => return None,
            Choice::Run(index) => {
                self.chosen.set(self.take(index));
                self.ready.borrow_mut().push(me);
            }
            // By the loop, which owns what the deadline starts.
            Choice::Jump => self.aside.set(Some(me)),
        }
        Some(goroutine)
    }

    fn stuck(&self, what: &str) -> ! {
        if self.is_ending() {
            outlive_goroutines();
        }
        self.director.stuck(what)
    }

    /// By its budget, since turns are not timed.
    fn end_long_turn(&'static self, turn: Turn, operation: Operation) {
        self.is_poll.set(turn == Turn::Polls);
        self.spend(Point::After(operation));
        self.is_poll.set(false);
    }

    fn wait_for_quiet(&self, place: &'static Location<'static>) {
        if self.is_ending() {
            return;
        }
        let parker = Parker::current();
        self.waiting_for_quiet.borrow_mut().push(parker.owner());
        // The owner is in no list any more when waits are called off.
        parker.park_or_end(WaitReason::Quiet, place, || true);
        self.returning.set(self.returning.get() - 1);
    }

    fn note_unawaited(&self, time: Instant) {
        if self.is_exploring() {
            self.unawaited.borrow_mut().push(Reverse(Moment::of(time)));
        }
    }

    fn is_exploring(&self) -> bool {
        self.director.is_asked_often() && !self.is_ending()
    }

    fn is_exhaustive(&self) -> bool {
        self.director.is_asked_everywhere()
    }

    fn has_points(&self) -> bool {
        self.is_exploring() && !self.is_unseen.get()
    }

    fn hide_operations(&self) {
        self.is_unseen.set(true);
    }

    fn show_operations(&self) {
        self.is_unseen.set(false);
    }

    fn at_point(&'static self, point: Point) {
        let is_before = matches!(point, Point::Before(_));
        self.spend(point);
        if is_before {
            self.director.begins();
        }
    }

    fn before_fine(&'static self, touches: &[Touch], what: &'static str) {
        self.announce(touches);
        if self.is_exhaustive() {
            self.at_point(Point::Before(Operation { name: what, place: None }));
        } else {
            self.director.begins();
        }
    }

    fn announce(&self, touches: &[Touch]) {
        self.director.announces(touches);
    }

    fn touch(&self, touch: Touch) {
        self.director.announces(&[touch]);
        self.director.begins();
    }

    fn announce_after_wait(&self, touch: Touch) {
        self.director.announces_after_wait(touch);
    }

    fn select_waits(&self, address: usize, touches: Vec<Touch>) {
        self.selects.borrow_mut().insert(address, touches);
    }

    fn select_is_won(&self, address: usize) {
        let touches = self.selects.borrow_mut().remove(&address);
        touches.into_iter().flatten().for_each(|touch| self.touch(touch));
    }

    fn pick(&self, of: usize) -> Option<usize> {
        self.director.picks(of as u32).map(|picked| picked as usize)
    }
}
