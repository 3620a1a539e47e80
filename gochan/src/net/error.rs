//! What ends an operation besides the system's errors.

use crate::context::ContextError;
use std::error::Error;
use std::fmt;
use std::io;

/// The error of an operation on something that has been closed: `use of closed network connection`.
///
/// It is inside of an [`io::Error`] of kind [`NotConnected`](io::ErrorKind::NotConnected).
///
/// ```
/// use gochan::net::{Closed, TcpListener};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// listener.close()?;
/// let error = listener.accept().unwrap_err();
/// assert!(Closed::is(&error));
/// assert_eq!(error.to_string(), "use of closed network connection");
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "net.ErrClosed")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Closed(());

impl Closed {
    /// True if `error` is that of an operation on something closed.
    pub fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<Closed>)
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("use of closed network connection")
    }
}

impl Error for Closed {}

#[cold]
pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, Closed(()))
}

/// A deadline has passed.
#[cold]
pub(super) fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "i/o timeout")
}

/// A context has ended.
#[cold]
pub(super) fn ended(error: ContextError) -> io::Error {
    // Not `Interrupted`: std's loops try again then.
    let kind = match error {
        ContextError::Canceled => io::ErrorKind::Other,
        ContextError::DeadlineExceeded => io::ErrorKind::TimedOut,
    };
    io::Error::new(kind, error)
}
