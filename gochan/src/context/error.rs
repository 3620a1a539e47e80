//! Why a context has ended: one of two errors, and a cause that the program chooses.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// How a context ended. Prints as in Go.
///
/// ```
/// use gochan::context::{self, ContextError};
///
/// let (ctx, cancel) = context::background().with_cancel();
/// assert_eq!(ctx.err(), None);
/// cancel.cancel();
/// assert_eq!(ctx.err(), Some(ContextError::Canceled));
/// assert_eq!(ctx.err().unwrap().to_string(), "context canceled");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContextError {
    /// The context was cancelled: `context canceled`.
    #[doc(alias = "context.Canceled")]
    Canceled,
    /// The deadline has passed: `context deadline exceeded`.
    #[doc(alias = "context.DeadlineExceeded")]
    DeadlineExceeded,
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ContextError::Canceled => "context canceled",
            ContextError::DeadlineExceeded => "context deadline exceeded",
        })
    }
}

impl Error for ContextError {}

/// An error that the program gave as the cause of an end.
pub(super) type Given = Arc<dyn Error + Send + Sync>;

/// Converts the argument of `cancel_cause` and similar functions. A [`Cause`] is not wrapped again.
pub(super) fn given(cause: Box<dyn Error + Send + Sync>) -> Given {
    match cause.downcast::<Cause>() {
        Ok(cause) => match cause.0 {
            Reason::Given(given) => given,
            Reason::None(error) => Arc::new(error),
        },
        Err(cause) => Arc::from(cause),
    }
}

/// Why a context ended: an error that the program gave to [`cancel_cause`](super::CancelHandle::cancel_cause) or with a
/// deadline, or the [`ContextError`] if it gave none.
///
/// It prints as that error. A clone is cheap and is the same error.
///
/// ```
/// use gochan::context::background;
///
/// #[derive(Debug, PartialEq)]
/// struct Drained(u32);
/// impl std::fmt::Display for Drained {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         write!(f, "node {} is drained", self.0)
///     }
/// }
/// impl std::error::Error for Drained {}
///
/// let (ctx, cancel) = background().with_cancel_cause();
/// cancel.cancel_cause(Drained(7));
/// let cause = ctx.cause().unwrap();
/// assert_eq!(cause.to_string(), "node 7 is drained");
/// assert_eq!(cause.downcast_ref(), Some(&Drained(7)));
/// ```
#[doc(alias = "context.Cause")]
#[derive(Clone)]
pub struct Cause(Reason);

#[derive(Clone)]
enum Reason {
    Given(Given),
    None(ContextError),
}

impl Cause {
    pub(super) fn new(given: Option<Given>, error: ContextError) -> Cause {
        Cause(given.map_or(Reason::None(error), Reason::Given))
    }

    /// The error itself.
    pub fn get_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        match &self.0 {
            Reason::Given(given) => &**given,
            Reason::None(error) => error,
        }
    }

    /// True if the error is an `E`.
    pub fn is<E: Error + 'static>(&self) -> bool {
        self.downcast_ref::<E>().is_some()
    }

    /// The error as an `E`, if it is one: Go's `errors.As`.
    #[doc(alias = "errors.As")]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.get_ref().downcast_ref()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.get_ref(), f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.get_ref(), f)
    }
}

impl Error for Cause {
    /// The source of the error.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.get_ref().source()
    }
}
