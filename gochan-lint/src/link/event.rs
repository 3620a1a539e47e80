//! The events of a body.

use super::kind::{Flavour, Side};
use crate::ir::{BodyId, Bound, Call, ObjectId, Select, Where};
use crate::source::Span;

/// The events of a block, in order.
#[derive(Debug, Default)]
pub struct BlockEvents(pub Vec<Event>);

/// An event and its place. Objects are roots.
#[derive(Debug, Clone)]
pub struct Event {
    /// What happens.
    pub kind: EventKind,
    /// Where.
    pub span: Span,
}

/// How a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// By one holder.
    Exclusive,
    /// Together with other readers.
    Shared,
    /// Only if it is free.
    Try,
}

/// How an operation reacts to a closed channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// It panics: a macro, or a method whose result is unwrapped or ignored.
    Panics,
    /// It returns an error, which is used.
    Checked,
    /// It returns an error, and does not wait either.
    Tries,
}

/// Where a body runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// In place, or where it is called.
    Inline,
    /// In a goroutine of its own.
    Goroutine,
    /// In a thread of its own.
    Thread,
    /// On a thread for blocking work, while the goroutine waits.
    Blocking,
    /// In place, and only once.
    Once,
}

/// What waits for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// Nothing: it does not wait, or not for long.
    Nothing,
    /// The task that polls the future.
    Task,
    /// The goroutine.
    Goroutine,
}

/// Other reasons to block than channels and locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// `time::sleep`, which parks the goroutine.
    Sleep,
    /// The end of a scope, which waits for its goroutines.
    Scope,
    /// An iterator, anything else of gochan.
    Other,
}

/// The ways in which something may switch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switches(u8);

impl Switches {
    /// It does not switch.
    pub const NEVER: Switches = Switches(0);
    /// It waits: on a channel, a group, time, another goroutine.
    pub const WAITS: Switches = Switches(1);
    /// It waits if another goroutine holds a lock of gochan, or initialises a `Once`.
    pub const LOCKS: Switches = Switches(2);
    /// It ends the goroutine's turn: `gosched`.
    pub const YIELDS: Switches = Switches(4);
    /// It ends the turn of a goroutine that has occupied its worker for long.
    pub const RARELY: Switches = Switches(8);
    /// Its future is pending: the goroutine that polls it continues.
    pub const AWAITS: Switches = Switches(16);
    /// All ways in which a goroutine switches.
    pub const ANY: Switches = Switches(1 | 2 | 4 | 8);

    /// True if any of `others` is among these.
    #[must_use]
    pub fn has(self, others: Switches) -> bool {
        self.0 & others.0 != 0
    }

    /// These and `others`.
    #[must_use]
    pub const fn and(self, others: Switches) -> Switches {
        Switches(self.0 | others.0)
    }

    /// These without `others`.
    #[must_use]
    pub fn without(self, others: Switches) -> Switches {
        Switches(self.0 & !others.0)
    }
}

/// See [`Event`].
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A send.
    Send(ObjectId, Face),
    /// A receive, and what stops until there is a value.
    Recv(ObjectId, Bound, Stops),
    /// The head of a range over the channel, with the ends that its handle has.
    Range(ObjectId, Side),
    /// The range is over: the channel is closed and drained.
    RangeEnd(ObjectId),
    /// A close.
    Close(ObjectId, Face),
    /// `wg.add(n)`
    Add(ObjectId, Option<i64>),
    /// `wg.done()`
    Done(ObjectId),
    /// `wg.wait()`
    Wait(ObjectId),
    /// `cancel.cancel()`
    Cancel(ObjectId),
    /// A lock is taken: the lock, the mode, the guard, whose lock it is.
    Lock(ObjectId, LockMode, ObjectId, Flavour),
    /// A goroutine starts: what it runs, the group of `wg.go(f)`, its handle.
    Spawn(Started, Option<ObjectId>, Option<ObjectId>),
    /// `defer!`
    Defer(BodyId),
    /// A deferred body, or a closure, runs.
    RunDeferred(BodyId),
    /// A function of the workspace is called with these objects as its parameters.
    Call(usize, Vec<Option<ObjectId>>),
    /// An unknown function is called.
    Unknown(Call),
    /// `handle.join()`: the handle, and the result.
    Join(Option<ObjectId>, Option<ObjectId>),
    /// `cond.wait(guard)`: the condition.
    CondWait(ObjectId, Flavour),
    /// `once.call_once(f)`: the `Once`, and the body it runs.
    Once(ObjectId, Option<BodyId>),
    /// Other waits.
    Block(Wait),
    /// Something that may switch, in addition to the other events.
    Switches(Switches),
    /// A `select!`.
    Select(Select),
    /// The operation of an arm, at the start of its body.
    Arm(crate::ir::Arm),
    /// `ctx.with_…()`: the parent, the result, the method.
    Derive(ObjectId, ObjectId, String),
    /// An object is made.
    New(ObjectId),
    /// A value is dropped at once.
    DroppedAtOnce(ObjectId),
    /// The value of the variable is dropped.
    ScopeEnd(ObjectId),
    /// An explicit `drop(x)`.
    Dropped(ObjectId),
    /// It goes where the analysis does not follow it.
    Escape(ObjectId, Where),
    /// It is used.
    Use(ObjectId),
    /// A function of the workspace is named, as a statement or as the value of the body.
    Name(usize),
    /// It is overwritten.
    Assign(ObjectId),
    /// The place it points to is overwritten.
    Store(ObjectId),
    /// The next turn of a `for` loop.
    Next,
    /// The start of a `default`.
    DefaultArm,
    /// It may panic.
    MayPanic,
    /// An exit from the body.
    Return,
    /// It does not return.
    Diverge,
}

/// What a goroutine runs.
#[derive(Debug, Clone)]
pub enum Started {
    /// A body.
    Body(BodyId),
    /// A function of the workspace, with these objects as its parameters.
    Function(usize, Vec<Option<ObjectId>>),
    /// Something unknown, with these objects.
    Unknown(Vec<ObjectId>),
}
