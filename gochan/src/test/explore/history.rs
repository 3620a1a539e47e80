//! The history of a run: its steps, and which of them come before which.
//!
//! A *step* is what a goroutine does from one place where others may run to the next. Steps of one goroutine come one
//! after the other; a step comes after the one that has spawned or woken its goroutine, and after those of other goroutines
//! before it that it *conflicts* with, because both touch the same object. The rest of the order in which steps have run
//! makes no difference to anybody. So two runs are the same *interleaving* if they have the same steps, each after the same
//! others; [`History::interleaving`] tells them apart.
//!
//! Order is kept by clocks: the clock of a step says of each goroutine how many of its steps come before.

use super::digest::mix;
use crate::sched::bubble::Event;
use crate::sched::touch::{Access, Touch};
use std::collections::HashMap;

/// Of each goroutine, by its number, how many steps come before. The clock has the number 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Clock(Vec<u32>);

impl Clock {
    pub(super) fn of(&self, goroutine: usize) -> u32 {
        self.0.get(goroutine).copied().unwrap_or(0)
    }

    fn set(&mut self, goroutine: usize, steps: u32) {
        if self.0.len() <= goroutine {
            self.0.resize(goroutine + 1, 0);
        }
        self.0[goroutine] = steps;
    }

    fn join(&mut self, other: &Clock) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(mine, other)| *mine = (*mine).max(*other));
    }
}

/// A clock by steps, and one by what is told apart of them: see [`Goroutine::continues`].
#[derive(Debug, Clone, Default)]
struct Clocks {
    steps: Clock,
    events: Clock,
}

impl Clocks {
    fn join(&mut self, other: &Clocks) {
        self.steps.join(&other.steps);
        self.events.join(&other.events);
    }
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) goroutine: usize,
    /// From 1, among those of its goroutine.
    pub(super) number: u32,
    clocks: Clocks,
    /// What must come before it has run at all, if it has waited for others without a wait because they were done.
    pub(super) arrival: Option<Clock>,
    /// Earlier steps that could as well come later: they conflict, and nothing that lies between is the reason of their
    /// order.
    pub(super) races: Vec<usize>,
    pub(super) touches: Vec<Touch>,
    /// All that it has touched was announced.
    pub(super) is_announced: bool,
}

impl Step {
    /// How many steps of each goroutine come before, this one included.
    pub(super) fn clock(&self) -> &Clock {
        &self.clocks.steps
    }

    /// True if `self` comes before `later`, or is it.
    pub(super) fn precedes(&self, later: &Step) -> bool {
        later.clock().of(self.goroutine) >= self.number
    }
}

#[derive(Debug, Default)]
struct Goroutine {
    /// The same in all runs: its parent, and which of the children.
    identity: u64,
    children: u64,
    clocks: Clocks,
    /// What its next step touches.
    announced: Vec<Touch>,
    /// Its next step is the rest of the last one, as far as interleavings are told apart: it has merely waited, or let
    /// others run in between.
    continues: bool,
    /// It has done nothing but wait in its last step.
    awaits: bool,
    last: Option<usize>,
    /// The share of its last step in the interleaving.
    share: u64,
    picks: u64,
}

#[derive(Debug, Default)]
struct Object {
    write: Option<usize>,
    /// Since then, the last one of each goroutine.
    reads: Vec<usize>,
    /// The last one of each goroutine.
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
    /// Who runs, by its number. None: the clock acts because all wait.
    running: Option<usize>,
    /// The last step is the running goroutine's, and not at its end.
    is_open: bool,
    /// What has been announced, but not begun.
    upcoming: Option<Vec<Touch>>,
    interleaving: u64,
}

/// The clock, as what strikes while goroutines can run.
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

    /// Stands for all runs that have the same steps, each after the same others.
    pub(super) fn interleaving(&self) -> u64 {
        self.interleaving
    }

    /// What the next step of a goroutine touches, by its number.
    pub(super) fn announced(&self, number: u32) -> &[Touch] {
        &self.goroutines[number as usize].announced
    }

    /// Goroutine `number` goes on.
    pub(super) fn runs(&mut self, number: u32) {
        let next = Some(number as usize);
        if self.running != next {
            if self.is_open {
                self.pauses();
            }
            self.running = next;
        }
    }

    /// Something has happened. The parts of it that a search sees for itself have methods of their own.
    pub(super) fn saw(&mut self, event: Event) {
        match event {
            Event::Spawned(number) => self.spawned(number),
            Event::Woken(number) => self.woken(number),
            Event::Arrived(..) => self.arrived(),
            // A `gosched` is announced, and done as soon as it has begun.
            Event::Operated(..) if self.upcoming.is_some() => self.arrived(),
            Event::Parked(..) => self.parked(),
            Event::Ended(_) => self.ended(),
            Event::Jumped { .. } if self.running == Some(CLOCK as usize) => _ = self.acting(),
            Event::Jumped { .. } | Event::Quiet => self.clock_acts(),
            Event::Operated(..) | Event::Started(_) => {}
        }
    }

    fn spawned(&mut self, number: u32) {
        // What the clock starts when all wait comes after whatever was before.
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

    /// The running goroutine says what its next operation touches.
    pub(super) fn announces(&mut self, touches: &[Touch]) {
        self.upcoming = Some(touches.to_vec());
    }

    /// True if something is announced that has not begun.
    pub(super) fn has_upcoming(&self) -> bool {
        self.upcoming.is_some()
    }

    /// The operation begins; if nobody could run before it, it belongs to the step that is open.
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

    /// The running goroutine is about to begin what it has announced: others may run.
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

    /// The running goroutine takes one of several possibilities, which `pick` chooses for the step that it is told.
    pub(super) fn picks(&mut self, pick: impl FnOnce(usize) -> u32) -> u32 {
        let running = self.acting();
        let picked = pick(self.steps.len().saturating_sub(1));
        if let Some(running) = running {
            let picks = &mut self.goroutines[running].picks;
            *picks = mix(*picks, u64::from(picked) + 1);
        }
        picked
    }

    /// Whatever follows comes after whatever was before: all wait, or none gets anywhere. What is done until a goroutine
    /// runs is done by the clock.
    fn clock_acts(&mut self) {
        if self.is_open {
            self.pauses();
        }
        self.running = None;
        let mut now = Clocks::default();
        self.goroutines.iter().for_each(|goroutine| now.join(&goroutine.clocks));
        self.goroutines.iter_mut().for_each(|goroutine| goroutine.clocks.join(&now));
    }

    /// How many steps have come to their end.
    pub(super) fn closed(&self) -> usize {
        self.steps.len() - usize::from(self.is_open)
    }

    /// Others run before the operation that the running goroutine is in has come to its end.
    fn pauses(&mut self) {
        if let Some(running) = self.running {
            self.goroutines[running].continues = running != CLOCK as usize;
            self.close();
        }
    }

    /// The goroutine that acts, whose step is open then.
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
        let order = goroutine.clocks.events.0.iter().zip(identities).fold(0_u64, |sum, (&events, other)| {
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
        // The latest first: what comes before one of them does so for its sake.
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

    /// Steps of others that come before one that touches these, and whether it could as well have been the other way
    /// round.
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::sched::bubble::Operation;

    pub(in super::super) const WORK: Operation = Operation { name: "work", place: None };

    /// A run of two goroutines beside the first, which spawns them and ends: in `order`, each has one more step, which
    /// touches what it is told.
    pub(in super::super) fn run(order: &[(u32, Touch)]) -> History {
        let mut history = History::default();
        history.saw(Event::Spawned(1));
        history.runs(1);
        history.saw(Event::Spawned(2));
        history.saw(Event::Spawned(3));
        history.saw(Event::Ended(1));
        for (number, touch) in order {
            history.runs(*number);
            history.announces(&[*touch]);
            history.saw(Event::Arrived(*number, WORK));
        }
        for number in [2, 3] {
            history.runs(number);
            history.saw(Event::Ended(number));
        }
        history
    }

    #[test]
    fn the_order_of_steps_matters_where_they_conflict() {
        let (x, y) = (1_u32, 2_u32);
        let is_the_same = |one, other| {
            // The last steps touch what was announced; these come in one order or in the other.
            let runs = |first: (u32, Touch), second: (u32, Touch)| {
                let mut history = run(&[first, second]);
                history.runs(first.0);
                history.interleaving()
            };
            runs((2, one), (3, other)) == runs((3, other), (2, one))
        };
        assert!(is_the_same(Touch::write(&x), Touch::write(&y)));
        assert!(is_the_same(Touch::read(&x), Touch::read(&x)));
        assert!(is_the_same(Touch::awaits(&x), Touch::write(&x)));
    }

    #[test]
    fn races_are_between_steps_of_which_nothing_else_says_the_order() {
        let x = 1_u32;
        let history = run(&[(2, Touch::write(&x)), (3, Touch::write(&x))]);
        let races: Vec<_> = history.steps().iter().map(|step| (step.goroutine, step.races.len())).collect();
        // The spawns come first in any case; the last steps of the two conflict.
        assert_eq!(races, [(1, 0), (2, 0), (3, 0), (2, 0), (3, 1)]);
        let everything = run(&[(2, Touch::EVERYTHING), (3, Touch::read(&x))]);
        assert_eq!(everything.steps().iter().filter(|step| !step.races.is_empty()).count(), 2);
    }
}
