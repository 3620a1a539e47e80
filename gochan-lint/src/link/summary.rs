//! Summaries of functions, for their callers.

use super::event::{LockMode, Switches};
use std::collections::{BTreeMap, BTreeSet};

/// What a function may do with a parameter: itself, in a goroutine it starts, or through functions it calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect(u16);

impl Effect {
    /// Sends on it.
    pub const SENDS: Effect = Effect(1);
    /// Receives from it.
    pub const RECEIVES: Effect = Effect(2);
    /// Closes it.
    pub const CLOSES: Effect = Effect(4);
    /// `add` on it.
    pub const ADDS: Effect = Effect(8);
    /// `done` on it.
    pub const DONE: Effect = Effect(16);
    /// `wait` on it.
    pub const WAITS: Effect = Effect(32);
    /// Cancels it.
    pub const CANCELS: Effect = Effect(64);
    /// Locks it.
    pub const LOCKS: Effect = Effect(128);
    /// Keeps it, or passes it to something unknown.
    pub const ESCAPES: Effect = Effect(256);
    /// Does one of the above in a goroutine that it starts.
    pub const IN_GOROUTINE: Effect = Effect(512);

    /// True if any of `others` is among these.
    #[must_use]
    pub fn has(self, others: Effect) -> bool {
        self.0 & others.0 != 0
    }

    /// These and `others`.
    #[must_use]
    pub fn and(self, others: Effect) -> Effect {
        Effect(self.0 | others.0)
    }

    /// These without `others`.
    #[must_use]
    pub fn without(self, others: Effect) -> Effect {
        Effect(self.0 & !others.0)
    }
}

/// A lock as the callers of a function know it: the number of a parameter, or `None` for a static, and the fields that
/// lead to the lock.
pub type LockPath = (Option<usize>, Vec<String>);

/// The summary of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// What it does with each parameter.
    pub params: Vec<Effect>,
    /// What it does with the fields of its parameters, by number and name.
    pub fields: BTreeMap<(usize, String), Effect>,
    /// It may wait: on a channel, a lock, a group, time.
    pub blocks: bool,
    /// It may wait for something other than a lock.
    pub waits: bool,
    /// It joins goroutines or threads.
    pub joins: bool,
    /// It may panic, by an `unwrap` or the like.
    pub panics: bool,
    /// How it may switch.
    pub switches: Switches,
    /// The parameters that it calls in place, as a bit set.
    pub runs: u16,
    /// The locks that it takes, and how.
    pub locks: BTreeSet<(LockPath, LockMode)>,
}

impl Summary {
    /// What it does with parameter number `index`; if there is none, anything.
    #[must_use]
    pub fn param(&self, index: usize) -> Effect {
        self.params.get(index).copied().unwrap_or(Effect::ESCAPES)
    }
}
