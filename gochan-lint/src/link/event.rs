//! What can happen in a body.

use super::kinds::{Flavour, Side};
use super::switch::Switches;
use crate::ir::{BodyId, Bound, Call, ObjectId, Select, Where};
use crate::source::Span;

/// What happens in a block, in order.
#[derive(Debug, Default)]
pub struct BlockEvents(pub Vec<Event>);

/// Something that happens, and where. Objects are roots.
#[derive(Debug, Clone)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// Where.
    pub span: Span,
}

/// How a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Alone.
    Exclusive,
    /// With other readers.
    Shared,
    /// If it is free.
    Try,
}

/// How an operation takes a closed channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// It panics: a macro, or a method whose result is unwrapped or ignored.
    Panics,
    /// It says so, and somebody looks.
    Checked,
    /// It says so, and does not wait either.
    Tries,
}

/// Where a body runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// Where it stands, or where it is called.
    Inline,
    /// In a goroutine of its own.
    Goroutine,
    /// In a thread of its own.
    Thread,
    /// On the threads for blocking work, while the goroutine waits.
    Blocking,
    /// Where it stands, and only once.
    Once,
}

/// What waits for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// Nothing: what is not there is not waited for, or not for long.
    Nothing,
    /// A future.
    Task,
    /// The goroutine.
    Goroutine,
}

/// What blocks, beside channels and locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// `time::sleep`, which parks the goroutine.
    Sleep,
    /// The end of a scope, an iterator, anything else of gochan's.
    Other,
}

/// See [`Event`].
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A send.
    Send(ObjectId, Face),
    /// A receive, and what waits until there is a value.
    Recv(ObjectId, Bound, Stops),
    /// The head of a range over the channel, by a handle of these ends.
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
    /// A lock is taken; the guard.
    Lock(ObjectId, LockMode, ObjectId, Flavour),
    /// A goroutine starts; the group it is counted in, if that is `wg.go(f)`; its handle.
    Spawn(Started, Option<ObjectId>, Option<ObjectId>),
    /// `defer!`
    Defer(BodyId),
    /// What was deferred runs.
    RunDeferred(BodyId),
    /// A function of the workspace is called with these objects as its parameters.
    Call(usize, Vec<Option<ObjectId>>),
    /// Something unknown is called.
    Unknown(Call),
    /// `handle.join()`: the handle, and the result.
    Join(Option<ObjectId>, Option<ObjectId>),
    /// `cond.wait(guard)`: the condition.
    CondWait(ObjectId, Flavour),
    /// `once.call_once(f)`: and what it runs.
    Once(ObjectId, Option<BodyId>),
    /// Other waits.
    Block(Wait),
    /// Something that may switch, beside what the other events say.
    Switches(Switches),
    /// A `select!`.
    Select(Select),
    /// The body of an arm begins.
    Arm(crate::ir::Arm),
    /// `ctx.with_…()`: the parent, the result, the method.
    Derive(ObjectId, ObjectId, String),
    /// An object comes to be.
    New(ObjectId),
    /// A value is dropped at once.
    DroppedAtOnce(ObjectId),
    /// What the variable holds is dropped.
    ScopeEnd(ObjectId),
    /// An explicit `drop(x)`.
    Dropped(ObjectId),
    /// It goes where it is not followed.
    Escape(ObjectId, Where),
    /// It is looked at.
    Use(ObjectId),
    /// A function of the workspace is named, as a statement or as what the body comes to.
    Name(usize),
    /// It is overwritten.
    Assign(ObjectId),
    /// What it points to is overwritten.
    Store(ObjectId),
    /// The next turn of a `for` loop.
    Next,
    /// The begin of a `default`.
    DefaultArm,
    /// Goes on, or panics.
    MayPanic,
    /// A way out.
    Return,
    /// Never comes back.
    Diverge,
}

/// What a goroutine runs.
#[derive(Debug, Clone)]
pub enum Started {
    /// A body.
    Body(BodyId),
    /// A function of the workspace, with these objects as its parameters.
    Function(usize, Vec<Option<ObjectId>>),
    /// Something else, with these objects.
    Unknown(Vec<ObjectId>),
}
