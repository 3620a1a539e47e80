//! A hash of a run's interleaving, at little cost: it distinguishes what [`History`](super::history) distinguishes,
//! without the history.
//!
//! Each step has a hash that is computed from those of the steps that it comes after, as in a Merkle tree. So two steps
//! have the same hash if everything that came before them is the same, and the sum over a run does not depend on the
//! order of independent steps.

use crate::base::random::{self, GOLDEN};
use crate::base::touch::{Access, Touch};
use crate::test::director::Event;
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(super) struct Digest {
    /// By number; the first is the clock.
    goroutines: Vec<Goroutine>,
    objects: HashMap<usize, Object>,
    /// The last step that touched everything.
    everything: u64,
    running: usize,
    /// The running goroutine is in the middle of a step.
    is_open: bool,
    upcoming: Vec<Touch>,
    is_upcoming: bool,
    sum: u64,
}

#[derive(Debug, Default)]
struct Goroutine {
    identity: u64,
    children: u64,
    /// The hash of its last step.
    step: u64,
    /// That hash before the step had touched anything.
    base: u64,
    /// Its contribution to the sum.
    share: u64,
    /// The touches of its next step.
    announced: Vec<Touch>,
    /// The hash of the goroutine that has woken it.
    waker: u64,
    continues: bool,
    awaits: bool,
}

/// The combined hash of the steps that have touched an object.
#[derive(Debug, Default)]
struct Object {
    write: u64,
    /// Since the last write.
    reads: u64,
    dones: u64,
}

pub(super) fn mix(a: u64, b: u64) -> u64 {
    random::mix((a ^ b.wrapping_mul(GOLDEN)).wrapping_add(GOLDEN))
}

impl Digest {
    /// Begins a run.
    pub(super) fn begin(&mut self) {
        self.goroutines.clear();
        self.goroutines.push(Goroutine::default());
        self.objects.clear();
        (self.everything, self.running, self.sum) = (0, 0, 0);
        (self.is_open, self.is_upcoming) = (false, false);
    }

    /// The hash of the run so far.
    pub(super) fn interleaving(&self) -> u64 {
        self.sum
    }

    /// Goroutine `number` continues.
    pub(super) fn runs(&mut self, number: u32) {
        if self.running != number as usize {
            self.pauses();
            self.running = number as usize;
        }
    }

    pub(super) fn saw(&mut self, event: Event) {
        match event {
            Event::Spawned(_) => {
                self.open();
                let parent = &mut self.goroutines[self.running];
                parent.children += 1;
                let identity = mix(parent.identity, parent.children);
                let step = mix(parent.step, identity);
                self.goroutines.push(Goroutine { identity, step, ..Goroutine::default() });
            }
            Event::Woken(number) => {
                self.open();
                self.goroutines[number as usize].waker = self.goroutines[self.running].step;
            }
            Event::Arrived(..) => self.arrived(),
            Event::Operated(..) if self.is_upcoming => self.arrived(),
            Event::Parked(..) | Event::Ended(_) => {
                self.open();
                let goroutine = &mut self.goroutines[self.running];
                goroutine.continues = goroutine.awaits;
                self.close();
                self.running = 0;
            }
            Event::Jumped { .. } | Event::Quiet => {
                self.pauses();
                self.running = 0;
                self.open();
            }
            Event::Operated(..) | Event::Started(_) => {}
        }
    }

    pub(super) fn announces(&mut self, touches: &[Touch]) {
        self.upcoming.clear();
        self.upcoming.extend_from_slice(touches);
        self.is_upcoming = true;
    }

    pub(super) fn begins(&mut self) {
        if std::mem::take(&mut self.is_upcoming) {
            self.open();
            let touches = std::mem::take(&mut self.upcoming);
            self.touch(&touches);
            self.upcoming = touches;
        }
    }

    pub(super) fn announces_after_wait(&mut self, touch: Touch) {
        self.open();
        let announced = &mut self.goroutines[self.running].announced;
        if !announced.contains(&touch) {
            announced.push(touch);
        }
    }

    fn arrived(&mut self) {
        self.open();
        self.is_upcoming = false;
        let goroutine = &mut self.goroutines[self.running];
        goroutine.announced.clear();
        goroutine.announced.extend_from_slice(&self.upcoming);
        goroutine.continues = false;
        self.close();
    }

    /// Others run before the current operation of the running goroutine has finished.
    fn pauses(&mut self) {
        if self.is_open {
            self.goroutines[self.running].continues = self.running != 0;
            self.close();
        }
    }

    /// The running goroutine acts.
    fn open(&mut self) {
        if std::mem::replace(&mut self.is_open, true) {
            return;
        }
        let all = if self.running == 0 { self.all() } else { 0 };
        let goroutine = &mut self.goroutines[self.running];
        let waker = std::mem::take(&mut goroutine.waker);
        if goroutine.continues {
            self.sum = self.sum.wrapping_sub(goroutine.share);
            if goroutine.awaits {
                // It comes after everything that it has waited for, whichever was the last.
                goroutine.step = goroutine.base;
            }
        } else {
            // The clock comes after everything.
            goroutine.base = mix(goroutine.step.wrapping_add(all), goroutine.identity);
            goroutine.step = goroutine.base;
        }
        let mut announced = std::mem::take(&mut goroutine.announced);
        let awaits = announced.iter().any(|touch| touch.access == Access::Await);
        if waker != 0 && !awaits && !(goroutine.continues && goroutine.awaits) {
            goroutine.step = mix(goroutine.step, waker);
        }
        goroutine.awaits = awaits || (goroutine.continues && goroutine.awaits);
        if self.running == 0 {
            self.everything = self.goroutines[0].step;
        } else {
            self.touch(&announced);
        }
        if !awaits {
            announced.clear();
        }
        // The object that it waits for is checked again after the wait.
        self.goroutines[self.running].announced = announced;
    }

    fn close(&mut self) {
        self.is_open = false;
        let goroutine = &mut self.goroutines[self.running];
        goroutine.share = mix(goroutine.step, 1);
        self.sum = self.sum.wrapping_add(goroutine.share);
    }

    /// Closes the last steps.
    fn all(&self) -> u64 {
        self.goroutines.iter().fold(0, |sum, goroutine| sum.wrapping_add(mix(goroutine.step, 2)))
    }

    /// The open step touches these.
    fn touch(&mut self, touches: &[Touch]) {
        let mut before = self.everything;
        for touch in touches {
            let Some(address) = touch.object else {
                before = before.wrapping_add(self.all());
                continue;
            };
            let Some(object) = self.objects.get(&address) else { continue };
            before = before.wrapping_add(match touch.access {
                Access::Read => object.write,
                Access::Write => object.write.wrapping_add(object.reads),
                Access::Await => object.dones,
                Access::Done => 0,
            });
        }
        let goroutine = &mut self.goroutines[self.running];
        if before != 0 {
            goroutine.step = mix(goroutine.step, before);
        }
        let step = mix(goroutine.step, 3);
        for touch in touches {
            let Some(address) = touch.object else {
                self.everything = step;
                continue;
            };
            let object = self.objects.entry(address).or_default();
            match touch.access {
                Access::Read => object.reads = object.reads.wrapping_add(step),
                Access::Write => (object.write, object.reads) = (step, 0),
                Access::Done => object.dones = object.dones.wrapping_add(step),
                Access::Await => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::tests::{WORK, run};
    use super::*;

    fn digest(order: &[(u32, Touch)]) -> u64 {
        let mut digest = Digest::default();
        digest.begin();
        digest.saw(Event::Spawned(1));
        digest.runs(1);
        digest.saw(Event::Spawned(2));
        digest.saw(Event::Spawned(3));
        digest.saw(Event::Ended(1));
        for (number, touch) in order {
            digest.runs(*number);
            digest.announces(&[*touch]);
            digest.saw(Event::Arrived(*number, WORK));
            digest.begins();
        }
        for number in [2, 3] {
            digest.runs(number);
            digest.saw(Event::Ended(number));
        }
        digest.interleaving()
    }

    #[test]
    fn it_tells_apart_what_the_history_tells_apart() {
        let (x, y) = (1_u32, 2_u32);
        let touches =
            [Touch::read(&x), Touch::write(&x), Touch::write(&y), Touch::awaits(&x), Touch::EVERYTHING];
        let orders = [[2, 3, 2, 3], [2, 2, 3, 3], [3, 2, 2, 3], [3, 2, 3, 2], [3, 3, 2, 2], [2, 3, 3, 2]];
        for one in touches {
            for other in touches {
                let runs = orders.map(|order| {
                    let order = order.map(|number| (number, if number == 2 { one } else { other }));
                    (run(&order).interleaving(), digest(&order))
                });
                for (history, short) in runs {
                    for (other_history, other_short) in runs {
                        assert_eq!(history == other_history, short == other_short, "{one:?} {other:?}");
                    }
                }
            }
        }
    }
}
