//! The search through all interleavings: depth first, one run after the other, without going twice where one run stands for
//! both.
//!
//! Each run follows the way that led to the last place where another choice is open, makes that choice, and then goes on
//! as it likes, which opens new places. Two rules keep the number of runs near the number of interleavings:
//!
//! * *Source sets* (Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", 2014): at first one
//!   goroutine is enough at any place. After each run its [`races`](super::history::Step::races) tell where another order
//!   would have been another interleaving: there, a goroutine that leads to it becomes a choice, too.
//! * *Sleep sets* (Godefroid, 1990): a goroutine that has been chosen at a place *sleeps* while the other choices of that
//!   place are gone through, until a step conflicts with its own: until then each order with its step has been seen. If
//!   nobody is awake, the run adds nothing; it is left to itself, and not counted.
//!
//! Without reduction each goroutine that can run is a choice at each place, which is what reduction is checked against.

use super::choices::Choices;
use super::history::{CLOCK, History, Step, conflict};

/// What a goroutine, or the clock, is chosen by.
type Number = u32;

#[derive(Debug)]
pub(super) struct Search {
    nodes: Vec<Node>,
    reduces: bool,
    /// Of the run: how many of the nodes it has passed.
    passed: usize,
    sleeping: Vec<Number>,
    /// The first step that was not worth it.
    cut: Option<usize>,
    /// It did not come to the places that it came to before.
    has_strayed: bool,
    /// Races that end before this step are known from the runs before.
    known: usize,
    /// The choices of one run that is to come again.
    replayed: Option<Choices>,
}

/// A place where there is a choice.
#[derive(Debug)]
enum Node {
    Next(Next),
    /// Among equally good possibilities, by the goroutine that runs.
    Pick {
        /// The step that it happens in.
        step: usize,
        of: u32,
        picked: u32,
    },
}

/// Who is next?
#[derive(Debug)]
struct Next {
    /// The step that begins here.
    step: usize,
    /// Those that can run.
    ready: Vec<Number>,
    sleeping: Vec<Number>,
    chosen: Number,
    /// All that it touched in its step was announced.
    is_announced: bool,
    /// Those that have been gone through, and whether they sleep since.
    done: Vec<(Number, bool)>,
    /// Those that are to be gone through.
    wanted: Vec<Number>,
}

impl Search {
    pub(super) fn new(reduces: bool) -> Search {
        Search {
            nodes: Vec::new(),
            reduces,
            passed: 0,
            sleeping: Vec::new(),
            cut: None,
            has_strayed: false,
            known: 0,
            replayed: None,
        }
    }

    /// One run, and no other.
    pub(super) fn replay(choices: Choices) -> Search {
        Search { replayed: Some(choices), ..Search::new(false) }
    }

    /// The choices of the run.
    pub(super) fn choices(&self) -> Choices {
        if let Some(choices) = &self.replayed {
            return choices.clone();
        }
        let choice = |node: &Node| match node {
            Node::Next(next) => {
                next.ready.iter().position(|&number| number == next.chosen).unwrap_or(0) as u32
            }
            Node::Pick { picked, .. } => *picked,
        };
        self.nodes[..self.passed].iter().map(choice).collect()
    }

    /// The choice of the run that is to come again, if there is one.
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

    /// The run has come to its end.
    pub(super) fn end(&mut self) {
        self.has_strayed |= self.passed < self.nodes.len();
    }

    /// True if the run stands for an interleaving of its own.
    pub(super) fn is_new(&self) -> bool {
        self.cut.is_none()
    }

    /// True if a run did not come to where it came before: the test depends on something besides its goroutines.
    pub(super) fn has_strayed(&self) -> bool {
        self.has_strayed
    }

    /// Which of `ready` is next: the first, if nothing speaks for another one.
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
            self.nodes.push(Node::Next(Next {
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

    /// True if `number` is to be gone through at a new place where `chosen` is first. The clock need not come to strike at
    /// all, so no race tells of it.
    fn wants_at_once(&self, number: Number, chosen: Number) -> bool {
        !self.reduces || number == chosen || number == CLOCK
    }

    /// As `choose`, at a place that runs have come to before, if there is a choice at all.
    fn follow(&mut self, ready: &[Number], step: usize) -> Number {
        if ready.len() == 1 {
            return ready[0];
        }
        let Node::Next(next) = &self.nodes[self.passed] else {
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

    /// Which of several possibilities, in a step.
    pub(super) fn pick(&mut self, of: u32, step: usize) -> u32 {
        if let Some(choice) = self.replayed(of as usize) {
            return choice;
        }
        if of < 2 || self.cut.is_some() || self.has_strayed {
            return 0;
        }
        if self.passed == self.nodes.len() {
            self.nodes.push(Node::Pick { step, of, picked: 0 });
        }
        match self.nodes[self.passed] {
            Node::Pick { of: before, picked, .. } if before == of => {
                self.passed += 1;
                picked
            }
            _ => {
                self.has_strayed = true;
                0
            }
        }
    }

    /// A step has come to its end: wakes those that sleep and for whom it matters.
    pub(super) fn stepped(&mut self, step: &Step, index: usize, history: &History) {
        if !self.reduces || self.cut.is_some() {
            return;
        }
        let number = step.goroutine as Number;
        if self.sleeping.contains(&number) {
            // Nobody else could run, and nobody was asked.
            self.cut = Some(index);
            return;
        }
        self.sleeping.retain(|&sleeper| !conflict(history.announced(sleeper), &step.touches));
    }

    /// After a run: sets out for the next one. False if there is none.
    pub(super) fn advance(&mut self, history: &History) -> bool {
        for node in &mut self.nodes {
            if let Node::Next(next) = node {
                next.is_announced &= history.steps().get(next.step).is_some_and(|step| step.is_announced);
            }
        }
        if self.reduces {
            self.learn(history);
        }
        while let Some(node) = self.nodes.last_mut() {
            match node {
                Node::Pick { step, of, picked } if *picked + 1 < *of => {
                    *picked += 1;
                    self.known = *step;
                    return true;
                }
                Node::Pick { .. } => {}
                Node::Next(next) => {
                    next.done.push((next.chosen, self.reduces && next.is_announced));
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

    /// From the races of the run: where another choice leads to another interleaving.
    fn learn(&mut self, history: &History) {
        let steps = history.steps();
        let end = self.cut.unwrap_or(steps.len());
        for later in self.known.min(end)..end {
            for &earlier in &steps[later].races {
                self.want(earlier, later, steps);
            }
        }
    }

    /// The two could have come in the other order: some goroutine that leads there is wanted where the earlier one began.
    fn want(&mut self, earlier: usize, later: usize, steps: &[Step]) {
        let found = self.nodes.iter_mut().rev().find_map(|node| match node {
            Node::Next(next) if next.step <= earlier => Some(next),
            _ => None,
        });
        let Some(next) = found.filter(|next| next.step == earlier) else { return };
        let firsts = firsts(earlier, later, steps);
        if firsts.iter().any(|number| next.wanted.contains(number)) {
            return;
        }
        // The other one itself, if it may.
        match firsts.iter().rev().find(|&number| next.ready.contains(number)) {
            Some(&number) => next.wanted.push(number),
            None => next.wanted.clone_from(&next.ready),
        }
    }
}

impl Next {
    /// A choice that is wanted, and has not been gone through here or elsewhere.
    fn open(&self) -> Option<Number> {
        let is_open = |number: &&Number| {
            !self.done.iter().any(|(done, _)| done == *number) && !self.sleeping.contains(number)
        };
        self.wanted.iter().find(is_open).copied()
    }
}

/// Those that can begin what leads to the step `later` without `earlier`: what lies between them and does not come after
/// `earlier`, and then `later`.
fn firsts(earlier: usize, later: usize, steps: &[Step]) -> Vec<Number> {
    let mut firsts = Vec::new();
    // The first step of each goroutine on that way.
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
