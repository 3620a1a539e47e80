//! The search through all interleavings: depth first, one run after the other, without repeating paths where one run
//! represents both.
//!
//! Each run follows the path to the last place where another choice is open, makes that choice, and then continues with
//! default choices, which opens new places. Two rules keep the number of runs close to the number of interleavings:
//!
//! * *Source sets* (Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", 2014): at first one
//!   goroutine is enough at any place. After each run its [`races`](super::history::Step::races) show where another
//!   order would have been another interleaving: there, a goroutine that leads to it becomes a choice as well.
//! * *Sleep sets* (Godefroid, 1990): a goroutine that has been chosen at a place *sleeps* while the other choices of
//!   that place are explored, until a step conflicts with its own: until then every order with its step has been seen.
//!   If no goroutine is awake, the run is redundant; it continues without choices, and is not counted.
//!
//! Without reduction each goroutine that can run is a choice at each place; reduction is tested against that.

use super::choices::Choices;
use super::history::{CLOCK, History, Step, conflict};

/// Chooses a goroutine, or the clock.
type Number = u32;

#[derive(Debug)]
pub(super) struct Search {
    nodes: Vec<ChoiceNode>,
    reduction: Reduction,
    /// The number of nodes that the run has passed.
    passed: usize,
    sleeping: Vec<Number>,
    /// The first redundant step.
    cut: Option<usize>,
    /// It did not reach the places that it reached before.
    has_strayed: bool,
    /// Races that end before this step are known from earlier runs.
    known: usize,
    /// The choices of one run that is to be repeated.
    replayed: Option<Choices>,
}

/// Which orders a search leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::test) enum Reduction {
    /// None.
    None,
    /// Those that make no difference.
    Equivalent,
}

/// A place where there is a choice.
#[derive(Debug)]
enum ChoiceNode {
    Next(Next),
    /// A choice of the running goroutine among equally good possibilities.
    Pick {
        /// The step that contains it.
        step: usize,
        of: u32,
        picked: u32,
    },
}

/// The choice of the next goroutine.
#[derive(Debug)]
struct Next {
    /// The step that begins here.
    step: usize,
    /// The goroutines that can run.
    ready: Vec<Number>,
    sleeping: Vec<Number>,
    chosen: Number,
    /// Everything that it touched in its step was announced.
    is_announced: bool,
    /// The choices that have been explored, and whether they sleep since.
    done: Vec<(Number, bool)>,
    /// The choices to be explored.
    wanted: Vec<Number>,
}

impl Search {
    pub(super) fn new(reduction: Reduction) -> Search {
        Search {
            nodes: Vec::new(),
            reduction,
            passed: 0,
            sleeping: Vec::new(),
            cut: None,
            has_strayed: false,
            known: 0,
            replayed: None,
        }
    }

    fn reduces(&self) -> bool {
        self.reduction == Reduction::Equivalent
    }

    /// For one run, and no other.
    pub(super) fn replay(choices: Choices) -> Search {
        Search { replayed: Some(choices), ..Search::new(Reduction::None) }
    }

    /// The choices of the run.
    pub(super) fn choices(&self) -> Choices {
        if let Some(choices) = &self.replayed {
            return choices.clone();
        }
        let choice = |node: &ChoiceNode| match node {
            ChoiceNode::Next(next) => {
                next.ready.iter().position(|&number| number == next.chosen).unwrap_or(0) as u32
            }
            ChoiceNode::Pick { picked, .. } => *picked,
        };
        self.nodes[..self.passed].iter().map(choice).collect()
    }

    /// The choice of the run that is to be repeated, if any.
    fn replayed(&mut self, of: usize) -> Option<u32> {
        let choices = self.replayed.as_ref()?;
        let choice = if of > 1 { choices.get(self.passed) } else { 0 };
        self.passed += usize::from(of > 1);
        Some(choice.min(of as u32 - 1))
    }

    /// Begins a run.
    pub(super) fn begin(&mut self) {
        self.passed = 0;
        self.sleeping.clear();
        self.cut = None;
    }

    /// Ends a run.
    pub(super) fn end(&mut self) {
        self.has_strayed |= self.passed < self.nodes.len();
    }

    /// True if the run represents an interleaving of its own.
    pub(super) fn is_new(&self) -> bool {
        self.cut.is_none()
    }

    /// True if a run did not reach the places that it reached before: the test depends on something besides its
    /// goroutines.
    pub(super) fn has_strayed(&self) -> bool {
        self.has_strayed
    }

    /// Which of `ready` is next: the first one by default.
    pub(super) fn choose(&mut self, ready: &[Number], history: &History) -> Number {
        if let Some(choice) = self.replayed(ready.len()) {
            return ready[choice as usize];
        }
        if self.cut.is_some() || self.has_strayed {
            return ready[0];
        }
        let step = history.steps().len();
        if self.passed < self.nodes.len() {
            return self.follow(ready, step);
        }
        let Some(&chosen) = ready.iter().find(|number| !self.sleeping.contains(number)) else {
            self.cut = Some(step);
            return ready[0];
        };
        if ready.len() > 1 {
            self.nodes.push(ChoiceNode::Next(Next {
                step,
                ready: ready.to_vec(),
                sleeping: self.sleeping.clone(),
                chosen,
                is_announced: true,
                done: Vec::new(),
                wanted: ready.iter().copied().filter(|&number| self.wants_at_once(number, chosen)).collect(),
            }));
            self.passed += 1;
        }
        chosen
    }

    /// True if `number` must be explored at a new place where `chosen` is first. The clock need not strike at all, so
    /// no race reveals it.
    fn wants_at_once(&self, number: Number, chosen: Number) -> bool {
        !self.reduces() || number == chosen || number == CLOCK
    }

    /// Like `choose`, at a place that earlier runs have reached, if there is a choice at all.
    fn follow(&mut self, ready: &[Number], step: usize) -> Number {
        if ready.len() == 1 {
            return ready[0];
        }
        let ChoiceNode::Next(next) = &self.nodes[self.passed] else {
            self.has_strayed = true;
            return ready[0];
        };
        if next.step != step || next.ready != ready {
            self.has_strayed = true;
            return ready[0];
        }
        self.passed += 1;
        self.sleeping.clone_from(&next.sleeping);
        self.sleeping.extend(next.done.iter().filter(|(_, sleeps)| *sleeps).map(|(number, _)| *number));
        next.chosen
    }

    /// Which of several possibilities a step takes.
    pub(super) fn pick(&mut self, of: u32, step: usize) -> u32 {
        if let Some(choice) = self.replayed(of as usize) {
            return choice;
        }
        if of < 2 || self.cut.is_some() || self.has_strayed {
            return 0;
        }
        if self.passed == self.nodes.len() {
            self.nodes.push(ChoiceNode::Pick { step, of, picked: 0 });
        }
        match self.nodes[self.passed] {
            ChoiceNode::Pick { of: before, picked, .. } if before == of => {
                self.passed += 1;
                picked
            }
            _ => {
                self.has_strayed = true;
                0
            }
        }
    }

    /// A step has finished: wakes the sleeping goroutines that it conflicts with.
    pub(super) fn stepped(&mut self, step: &Step, index: usize, history: &History) {
        if !self.reduces() || self.cut.is_some() {
            return;
        }
        let number = step.goroutine as Number;
        if self.sleeping.contains(&number) {
            // No other goroutine could run, so there was no choice.
            self.cut = Some(index);
            return;
        }
        self.sleeping.retain(|&sleeper| !conflict(history.announced(sleeper), &step.touches));
    }

    /// Called after a run: prepares the next one. False if there is none.
    pub(super) fn advance(&mut self, history: &History) -> bool {
        for node in &mut self.nodes {
            if let ChoiceNode::Next(next) = node {
                next.is_announced &= history.steps().get(next.step).is_some_and(|step| step.is_announced);
            }
        }
        if self.reduces() {
            self.learn(history);
        }
        let reduces = self.reduces();
        while let Some(node) = self.nodes.last_mut() {
            match node {
                ChoiceNode::Pick { step, of, picked } if *picked + 1 < *of => {
                    *picked += 1;
                    self.known = *step;
                    return true;
                }
                ChoiceNode::Pick { .. } => {}
                ChoiceNode::Next(next) => {
                    next.done.push((next.chosen, reduces && next.is_announced));
                    if let Some(chosen) = next.open() {
                        next.chosen = chosen;
                        next.is_announced = true;
                        self.known = next.step;
                        return true;
                    }
                }
            }
            self.nodes.pop();
        }
        false
    }

    /// Finds, from the races of the run, where another choice leads to another interleaving.
    fn learn(&mut self, history: &History) {
        let steps = history.steps();
        let end = self.cut.unwrap_or(steps.len());
        for later in self.known.min(end)..end {
            for &earlier in &steps[later].races {
                self.want(earlier, later, steps);
            }
        }
    }

    /// The two could have come in the other order: a goroutine that leads there is wanted where the earlier one began.
    fn want(&mut self, earlier: usize, later: usize, steps: &[Step]) {
        let found = self.nodes.iter_mut().rev().find_map(|node| match node {
            ChoiceNode::Next(next) if next.step <= earlier => Some(next),
            _ => None,
        });
        let Some(next) = found.filter(|next| next.step == earlier) else { return };
        let firsts = firsts(earlier, later, steps);
        if firsts.iter().any(|number| next.wanted.contains(number)) {
            return;
        }
        // The other one itself, if possible.
        match firsts.iter().rev().find(|&number| next.ready.contains(number)) {
            Some(&number) => next.wanted.push(number),
            None => next.wanted.clone_from(&next.ready),
        }
    }
}

impl Next {
    /// A choice that is wanted, and has not been explored here or elsewhere.
    fn open(&self) -> Option<Number> {
        let is_open = |number: &&Number| {
            !self.done.iter().any(|(done, _)| done == *number) && !self.sleeping.contains(number)
        };
        self.wanted.iter().find(is_open).copied()
    }
}

/// The goroutines that can begin a path to the step `later` without `earlier`: through the steps in between that do not
/// come after `earlier`, and then `later`.
fn firsts(earlier: usize, later: usize, steps: &[Step]) -> Vec<Number> {
    let mut firsts = Vec::new();
    // The first step of each goroutine on that path.
    let mut begun: Vec<&Step> = Vec::new();
    for index in earlier + 1..=later {
        let step = &steps[index];
        if (index < later && steps[earlier].precedes(step))
            || begun.iter().any(|first| first.goroutine == step.goroutine)
        {
            continue;
        }
        if !begun.iter().any(|first| first.precedes(step)) {
            firsts.push(step.goroutine as Number);
        }
        begun.push(step);
    }
    firsts
}
