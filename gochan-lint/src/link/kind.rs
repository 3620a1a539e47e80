//! The kinds of objects.

use crate::ir::{Capacity, ObjectId, Ty};

/// Which ends of a channel a handle has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `Chan`
    Both,
    /// `Sender`
    Send,
    /// `Receiver`
    Receive,
}

/// The library of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavour {
    /// gochan: it parks the goroutine.
    Gochan,
    /// The standard library, or another that blocks the thread.
    Blocking,
    /// `RefCell`, which does not block.
    Cell,
}

/// A type of gochan whose methods wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// `sync::Semaphore`
    Semaphore,
    /// `sync::errgroup::Group`
    Errgroup,
    /// `sync::singleflight::Group`
    Singleflight,
    /// `Select`, the dynamic form of `select!`.
    Select,
}

/// The kind of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A channel, with its capacity if it is made here.
    Channel(Side, Option<Capacity>),
    /// The nil channel.
    Nil,
    /// The result of `split()`.
    Halves,
    /// A `WaitGroup`.
    WaitGroup,
    /// A `Context`.
    Context,
    /// A `CancelHandle`.
    Cancel,
    /// The result of `with_cancel()` and the like.
    ContextAndCancel,
    /// The done channel of a context.
    Done(ObjectId),
    /// The channel of `after(d)`.
    After,
    /// The channel of `tick(d)`.
    Tick,
    /// A `Ticker` or `Timer`.
    Timer,
    /// A mutex or a reader-writer lock.
    Lock(Flavour),
    /// The guard of a lock.
    Guard(ObjectId, Flavour),
    /// A `Cond` or `Condvar`.
    Cond(Flavour),
    /// A socket, a process, the standard input: its operations block the thread.
    Io,
    /// A `Once`, `OnceCell`, `Lazy`.
    Once(Flavour),
    /// Another type of gochan whose methods wait.
    Ours(Ours),
    /// A guard of a lock, known by its type.
    Held(Flavour),
    /// A guard that keeps its thread in a scope of another crate.
    Scoped(Scope),
    /// A value that opens such a scope.
    Opens(Scope),
    /// A `ThreadLocal`, and the name of the type of its values.
    ThreadLocal(Option<String>),
    /// The result of `go!`.
    JoinHandle,
    /// A thread's handle, a barrier, a channel of the standard library: blocks the thread.
    ThreadBlocking,
    /// A value of a type of this name.
    Named(String),
    /// A tuple of these types.
    Tuple(Vec<Ty>),
    /// Anything else.
    Other,
}

impl Kind {
    /// True for channels of gochan, including nil and those of timers.
    #[must_use]
    pub fn is_channel(&self) -> bool {
        matches!(self, Kind::Channel(..) | Kind::Nil | Kind::Done(_) | Kind::After | Kind::Tick)
    }
}

/// A scope that another crate keeps open for a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// `scoped_tls`: a key that is set.
    Key,
    /// `critical_section`
    Critical,
    /// `second_stack`: a slice of the thread's second stack.
    Stack,
    /// PyO3: the thread is attached to the interpreter.
    Python,
    /// JNI: the thread is attached to the virtual machine, or has a frame of its own there.
    Jni,
    /// `tracing`: the current span.
    Span,
    /// An executor polls a future on this thread.
    Executor,
}
