//! The history of a run: its steps, and which of them come before which.
//!
//! A *step* is the part of a goroutine's execution from one place where others may run to the next. Steps of one
//! goroutine come one after the other; a step comes after the one that spawned or woke its goroutine, and after earlier
//! steps of other goroutines that it *conflicts* with, because both touch the same object. No goroutine can observe the
//! rest of the order. So two runs are the same *interleaving* if they have the same steps, each after the same others;
//! [`History::interleaving`] distinguishes them.
//!
//! The order is kept in vector clocks: the clock of a step contains, for each goroutine, how many of its steps come
//! before.

#[cfg(test)]
pub(super) mod tests;
mod vector_clock;

use super::digest::mix;
use crate::base::touch::{Access, Touch};
use crate::test::director::Event;
use std::collections::HashMap;
use vector_clock::Clocks;
pub(super) use vector_clock::VectorClock;

#[derive(Debug)]
pub(super) struct Step {
    pub(super) goroutine: usize,
    /// Its number among the steps of its goroutine, from 1.
    pub(super) number: u32,
    clocks: Clocks,
    /// The steps that must come before it can run at all, if it found the ones that it would have waited for already
    /// done.
    pub(super) arrival: Option<VectorClock>,
    /// Earlier steps that could also come later: they conflict, and no step in between causes their order.
    pub(super) races: Vec<usize>,
    pub(super) touches: Vec<Touch>,
    /// Everything that it has touched was announced.
    pub(super) is_announced: bool,
}

impl Step {
    /// How many steps of each goroutine come before, including this one.
    pub(super) fn clock(&self) -> &VectorClock {
        &self.clocks.steps
    }

    /// True if `self` comes before `later`, or is it.
    pub(super) fn precedes(&self, later: &Step) -> bool {
        later.clock().of(self.goroutine) >= self.number
    }
}

#[derive(Debug, Default)]
struct Goroutine {
    /// The same in all runs: computed from its parent, and its index among the parent's children.
    identity: u64,
    children: u64,
    clocks: Clocks,
    /// The touches of its next step.
    announced: Vec<Touch>,
    /// Its next step is the rest of the last one, as far as interleavings are concerned: it has only waited, or let
    /// others run in between.
    continues: bool,
    /// It has only waited in its last step.
    awaits: bool,
    last: Option<usize>,
    /// The contribution of its last step to the interleaving.
    share: u64,
    picks: u64,
}

#[derive(Debug, Default)]
struct Object {
    write: Option<usize>,
    /// Since the last write, the last step of each goroutine.
    reads: Vec<usize>,
    /// The last step of each goroutine.
    dones: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct History {
    steps: Vec<Step>,
    /// By number; the first is the clock.
    goroutines: Vec<Goroutine>,
    objects: HashMap<usize, Object>,
    /// The last step that has touched everything.
    everything: Option<usize>,
    /// The number of the running goroutine. `None`: the clock acts because all wait.
    running: Option<usize>,
    /// The last step is the running goroutine's, and has not ended.
    is_open: bool,
    /// The operation that was announced but has not begun.
    upcoming: Option<Vec<Touch>>,
    interleaving: u64,
}

/// The clock, as an event that strikes while goroutines can run.
pub(super) const CLOCK: u32 = 0;

impl Default for History {
    fn default() -> History {
        let clock = Goroutine { announced: vec![Touch::EVERYTHING], ..Goroutine::default() };
        History {
            steps: Vec::new(),
            goroutines: vec![clock],
            objects: HashMap::new(),
            everything: None,
            running: None,
            is_open: false,
            upcoming: None,
            interleaving: 0,
        }
    }
}

/// True if the order of two steps, of different goroutines, matters.
pub(super) fn conflict(touches: &[Touch], others: &[Touch]) -> bool {
    touches.contains(&Touch::EVERYTHING)
        || others.contains(&Touch::EVERYTHING)
        || touches.iter().any(|touch| others.iter().any(|other| touch.conflicts_with(*other)))
}

impl History {
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The same for all runs that have the same steps, each after the same others.
    pub(super) fn interleaving(&self) -> u64 {
        self.interleaving
    }

    /// The touches of a goroutine's next step, by its number.
    pub(super) fn announced(&self, number: u32) -> &[Touch] {
        &self.goroutines[number as usize].announced
    }

    /// Goroutine `number` continues.
    pub(super) fn runs(&mut self, number: u32) {
        let next = Some(number as usize);
        if self.running != next {
            if self.is_open {
                self.pauses();
            }
            self.running = next;
        }
    }

    /// Called when something has happened. The search has separate methods for the events that it sees itself.
    pub(super) fn saw(&mut self, event: Event) {
        match event {
            Event::Spawned(number) => self.spawned(number),
            Event::Woken(number) => self.woken(number),
            Event::Arrived(..) => self.arrived(),
            // A `gosched` is announced, and complete as soon as it has begun.
            Event::Operated(..) if self.upcoming.is_some() => self.arrived(),
            Event::Parked(..) => self.parked(),
            Event::Ended(_) => self.ended(),
            Event::Jumped { .. } if self.running == Some(CLOCK as usize) => _ = self.acting(),
            Event::Jumped { .. } | Event::Quiet => self.clock_acts(),
            Event::Operated(..) | Event::Started(_) => {}
        }
    }

    fn spawned(&mut self, number: u32) {
        // What the clock starts when all wait comes after everything before it.
        let parent = self.acting().unwrap_or(CLOCK as usize);
        let parent = &mut self.goroutines[parent];
        parent.children += 1;
        let (identity, clocks) = (mix(parent.identity, parent.children), parent.clocks.clone());
        debug_assert_eq!(self.goroutines.len(), number as usize);
        self.goroutines.push(Goroutine { identity, clocks, ..Goroutine::default() });
    }

    fn woken(&mut self, number: u32) {
        let waker = self.acting().unwrap_or(CLOCK as usize);
        let clocks = self.goroutines[waker].clocks.clone();
        self.goroutines[number as usize].clocks.join(&clocks);
    }

    /// The running goroutine announces the touches of its next operation.
    pub(super) fn announces(&mut self, touches: &[Touch]) {
        self.upcoming = Some(touches.to_vec());
    }

    /// True if an announced operation has not begun.
    pub(super) fn has_upcoming(&self) -> bool {
        self.upcoming.is_some()
    }

    /// The operation begins; if no other goroutine could run before it, it belongs to the open step.
    pub(super) fn begins(&mut self) {
        let Some(mut touches) = self.upcoming.take() else { return };
        if self.acting().is_none() {
            return;
        }
        let step = self.steps.last_mut().expect("a step is open");
        touches.retain(|touch| !step.touches.contains(touch));
        if !touches.is_empty() {
            step.is_announced = false;
            self.touch(&touches);
        }
    }

    pub(super) fn announces_after_wait(&mut self, touch: Touch) {
        if let Some(running) = self.acting() {
            self.goroutines[running].announced.push(touch);
        }
    }

    /// The running goroutine is about to begin the announced operation: others may run.
    fn arrived(&mut self) {
        let touches = self.upcoming.take();
        if let Some(running) = self.acting() {
            self.goroutines[running].announced = touches.unwrap_or_else(|| vec![Touch::EVERYTHING]);
            self.goroutines[running].continues = false;
            self.close();
        }
    }

    /// The running goroutine waits.
    fn parked(&mut self) {
        if let Some(running) = self.acting() {
            let goroutine = &mut self.goroutines[running];
            goroutine.continues = goroutine.awaits;
            self.close();
        }
        self.running = None;
    }

    fn ended(&mut self) {
        if self.acting().is_some() {
            self.close();
        }
        self.running = None;
    }

    /// The running goroutine takes one of several possibilities; `pick` chooses it for the given step.
    pub(super) fn picks(&mut self, pick: impl FnOnce(usize) -> u32) -> u32 {
        let running = self.acting();
        let picked = pick(self.steps.len().saturating_sub(1));
        if let Some(running) = running {
            let picks = &mut self.goroutines[running].picks;
            *picks = mix(*picks, u64::from(picked) + 1);
        }
        picked
    }

    /// Everything that follows comes after everything before: all wait, or none makes progress. Until a goroutine runs,
    /// the clock acts.
    fn clock_acts(&mut self) {
        if self.is_open {
            self.pauses();
        }
        self.running = None;
        let mut now = Clocks::default();
        self.goroutines.iter().for_each(|goroutine| now.join(&goroutine.clocks));
        self.goroutines.iter_mut().for_each(|goroutine| goroutine.clocks.join(&now));
    }

    /// The number of finished steps.
    pub(super) fn closed(&self) -> usize {
        self.steps.len() - usize::from(self.is_open)
    }

    /// Others run before the current operation of the running goroutine has finished.
    fn pauses(&mut self) {
        if let Some(running) = self.running {
            self.goroutines[running].continues = running != CLOCK as usize;
            self.close();
        }
    }

    /// The goroutine that acts. Its step is then open.
    fn acting(&mut self) -> Option<usize> {
        let running = self.running?;
        if !self.is_open {
            self.open(running);
        }
        Some(running)
    }

    fn open(&mut self, index: usize) {
        self.is_open = true;
        let goroutine = &mut self.goroutines[index];
        if goroutine.continues {
            self.interleaving = self.interleaving.wrapping_sub(goroutine.share);
        } else {
            goroutine.picks = 0;
            let event = goroutine.clocks.events.of(index) + 1;
            goroutine.clocks.events.set(index, event);
        }
        let number = goroutine.clocks.steps.of(index) + 1;
        goroutine.clocks.steps.set(index, number);
        let next = if index == CLOCK as usize { vec![Touch::EVERYTHING] } else { Vec::new() };
        let announced = std::mem::replace(&mut goroutine.announced, next);
        goroutine.awaits = announced.iter().any(|touch| touch.access == Access::Await);
        self.steps.push(Step {
            goroutine: index,
            number,
            clocks: goroutine.clocks.clone(),
            arrival: None,
            races: Vec::new(),
            touches: Vec::new(),
            is_announced: true,
        });
        self.touch(&announced);
    }

    fn close(&mut self) {
        self.is_open = false;
        let Some(index) = self.running else { return };
        let last = self.steps.len() - 1;
        let identities = &self.goroutines;
        let goroutine = &identities[index];
        let order = goroutine.clocks.events.iter().zip(identities).fold(0_u64, |sum, (events, other)| {
            sum.wrapping_add(if events == 0 { 0 } else { mix(other.identity, u64::from(events)) })
        });
        let share = mix(mix(goroutine.identity, order), goroutine.picks);
        self.interleaving = self.interleaving.wrapping_add(share);
        self.steps[last].clocks = goroutine.clocks.clone();
        let goroutine = &mut self.goroutines[index];
        goroutine.share = share;
        goroutine.last = Some(last);
    }

    /// The open step touches these.
    fn touch(&mut self, touches: &[Touch]) {
        let here = self.steps.len() - 1;
        let running = self.steps[here].goroutine;
        let mut clocks = std::mem::take(&mut self.goroutines[running].clocks);
        let mut plain = clocks.steps.clone();
        let mut earlier = self.earlier(touches, running);
        // The latest first: steps before one of them come before this one because of it.
        earlier.sort_unstable_by(|a, b| b.cmp(a));
        let mut has_awaited = false;
        for (index, races) in earlier {
            let step = &self.steps[index];
            if clocks.steps.of(step.goroutine) >= step.number {
                continue;
            }
            clocks.join(&step.clocks);
            if races {
                plain.join(&step.clocks.steps);
                self.steps[here].races.push(index);
            } else {
                has_awaited = true;
            }
        }
        if has_awaited {
            self.steps[here].arrival.get_or_insert(plain);
        }
        self.steps[here].clocks = clocks.clone();
        self.goroutines[running].clocks = clocks;
        for touch in touches {
            self.note(*touch, here, running);
        }
        self.steps[here].touches.extend_from_slice(touches);
    }

    /// Steps of others that come before one that touches these, and whether the order could have been reversed.
    fn earlier(&self, touches: &[Touch], running: usize) -> Vec<(usize, bool)> {
        let mut earlier: Vec<_> = self.everything.map(|step| (step, true)).into_iter().collect();
        for touch in touches {
            let Some(address) = touch.object else {
                earlier
                    .extend(self.goroutines.iter().filter_map(|other| other.last).map(|step| (step, true)));
                continue;
            };
            let Some(object) = self.objects.get(&address) else { continue };
            let (reads, write, dones): (&[usize], _, &[usize]) = match touch.access {
                Access::Read => (&[], object.write, &[]),
                Access::Write => (&object.reads, object.write, &[]),
                Access::Await => (&[], None, &object.dones),
                Access::Done => continue,
            };
            earlier.extend(reads.iter().copied().chain(write).map(|step| (step, true)));
            earlier.extend(dones.iter().map(|&step| (step, false)));
        }
        earlier.retain(|&(step, _)| self.steps[step].goroutine != running);
        earlier
    }

    fn note(&mut self, touch: Touch, here: usize, running: usize) {
        let Some(address) = touch.object else {
            self.everything = Some(here);
            return;
        };
        let object = self.objects.entry(address).or_default();
        let list = match touch.access {
            Access::Write => {
                object.write = Some(here);
                object.reads.clear();
                return;
            }
            Access::Read => &mut object.reads,
            Access::Done => &mut object.dones,
            Access::Await => return,
        };
        list.retain(|&step| self.steps[step].goroutine != running);
        list.push(here);
    }
}
