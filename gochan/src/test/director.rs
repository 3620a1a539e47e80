//! The interface between a [bubble](super::bubble) and the code that decides what happens next in it.

use crate::base::touch::Touch;
use crate::sched::park::WaitReason;
use crate::sched::worker::driver::{Operation, Runnable};
use std::collections::VecDeque;
use std::panic::Location;
use std::time::Duration;

/// Decides what happens next in a bubble.
pub(crate) trait Director {
    /// Chooses what happens next. The answers of a run, by the numbers of the goroutines, are all that is needed to
    /// repeat the run.
    fn choose(&self, options: &Options<'_>) -> Choice;

    /// True if it must be asked after every operation, and not only now and then.
    fn is_asked_often(&self) -> bool;

    /// Called when something has happened.
    fn saw(&self, event: Event);

    /// True if the run should end here.
    fn has_seen_enough(&self) -> bool;

    /// A goroutine blocks the thread and nothing can release it: reports that and never returns.
    fn stuck(&self, what: &str) -> !;

    /// There will be no further run. What it has noted is not needed any more.
    fn retire(&self) {}

    /// True if it must also be asked where the order matters only to operations that try and do not wait, such as
    /// before an unlock and before the end of a goroutine.
    fn is_asked_everywhere(&self) -> bool {
        false
    }

    /// The touches of the operation that the running goroutine is about to begin. A call of `saw` with an arrival
    /// follows, unless the goroutine cannot be switched out; then [`Director::begins`] does.
    fn announces(&self, _: &[Touch]) {}

    /// The announced operation begins.
    fn begins(&self) {}

    /// The touches of the running goroutine after its next wait.
    fn announces_after_wait(&self, _: Touch) {}

    /// Which of `of` equally good possibilities the running goroutine takes. `None`: it draws at random.
    fn picks(&self, _: u32) -> Option<u32> {
        None
    }
}

/// The goroutine that a director may let continue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub(crate) number: u32,
    /// It asked to let others run.
    pub(crate) yields: bool,
}

/// What a [`Director`] chooses from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options<'a> {
    /// The goroutines that can run, apart from `current`. Empty only if there is a `current` and a deadline.
    pub(crate) ready: &'a Ready,
    /// `None` between two turns; then [`Choice::Stay`] is not an option.
    pub(crate) current: Option<Current>,
    /// The time until the next deadline, if the clock may jump there now. Zero if it is due.
    pub(crate) deadline: Option<Duration>,
}

impl Options<'_> {
    /// True if [`Choice::Stay`] is among the options.
    pub(crate) fn can_stay(&self) -> bool {
        self.current.is_some_and(|current| !current.yields || self.ready.len() == 0)
    }

    /// True if [`Choice::Jump`] is among the options.
    pub(crate) fn can_jump(&self) -> bool {
        self.deadline.is_some()
    }
}

/// The answer of a [`Director`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The current one continues.
    Stay,
    /// The one at this index of [`Options::ready`] is next. The current one, if any, becomes the last of these.
    Run(usize),
    /// The clock jumps to the next deadline, although some can run. Then the director is asked again, without a current
    /// one: that one is the last of the ready ones.
    Jump,
}

/// A step of a goroutine, or of the clock. Goroutines are numbered from 1 in the order of their spawns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// Done by the running goroutine, or by an alarm.
    Spawned(u32),
    /// Done by the running goroutine, or by the clock.
    Woken(u32),
    /// It has its first turn.
    Started(u32),
    /// The running goroutine is about to begin an operation.
    Arrived(u32, Operation),
    /// The running goroutine has completed an operation. `None`: the operation that it has arrived at or waited in.
    Operated(u32, Option<Operation>),
    /// It waits.
    Parked(u32, WaitReason, Option<&'static Location<'static>>),
    Ended(u32),
    /// The clock has jumped by this time; zero if the next event was due.
    Jumped {
        by: Duration,
        all_wait: bool,
    },
    /// All wait, which some have waited for.
    Quiet,
}

impl Event {
    /// The goroutine whose step it is.
    pub(crate) fn goroutine(&self) -> Option<u32> {
        match *self {
            Event::Started(number)
            | Event::Arrived(number, _)
            | Event::Operated(number, _)
            | Event::Parked(number, ..)
            | Event::Ended(number) => Some(number),
            Event::Spawned(_) | Event::Woken(_) | Event::Jumped { .. } | Event::Quiet => None,
        }
    }
}

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All goroutines have ended.
    Finished,
    /// The first one has ended, and the remaining ones wait.
    Left,
    /// All wait, the first one included, and there is no deadline.
    Deadlock,
    /// Some wait for each other, and will forever; others would go on.
    Knot,
    /// The director has ended the run.
    Stopped,
}

/// The goroutines that can run, in the order in which they became able to.
#[derive(Debug, Default)]
pub(crate) struct Ready(VecDeque<(u32, Runnable)>);

impl Ready {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of the goroutine at `index`.
    pub(crate) fn number(&self, index: usize) -> u32 {
        self.0[index].0
    }

    /// True if goroutine `id` is one of them.
    pub(super) fn contains(&self, id: u64) -> bool {
        self.0.iter().any(|(_, runnable)| runnable.id() == id)
    }

    pub(super) fn push(&mut self, numbered: (u32, Runnable)) {
        self.0.push_back(numbered);
    }

    pub(super) fn take(&mut self, index: usize) -> Option<(u32, Runnable)> {
        self.0.remove(index)
    }
}
