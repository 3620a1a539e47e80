//! Locks of files against other processes: those of std's `File`, which are newer than the oldest compiler.

use super::File;
use crate::spawn::blocking::blocking;
use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;

impl File {
    /// Locks the file against other handles and processes; waits for the lock, on a thread of the pool.
    ///
    /// The lock is advisory: it keeps out only those who lock too, [`std::fs::File`] and `flock(2)` among them. It ends
    /// with [`unlock`](File::unlock), or when the last handle of the open file is closed.
    ///
    /// # Errors
    /// Those of the system. [`ErrorKind::Unsupported`] where it has no such locks.
    #[track_caller]
    pub fn lock(&self) -> io::Result<()> {
        blocking(|| flock(self, Operation::Exclusive))
    }

    /// Like [`lock`](File::lock), together with others that share the lock.
    ///
    /// # Errors
    /// Those of [`lock`](File::lock).
    #[track_caller]
    pub fn lock_shared(&self) -> io::Result<()> {
        blocking(|| flock(self, Operation::Shared))
    }

    /// Locks the file, or fails if it is locked.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] if it is locked, else those of [`lock`](File::lock).
    ///
    /// ```
    /// use gochan::fs::{File, TryLockError};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let path = std::env::temp_dir().join(format!("gochan-lock-{}", std::process::id()));
    /// let (mine, other) = (File::create(&path)?, File::create(&path)?);
    /// mine.try_lock()?;
    /// assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    /// mine.unlock()?;
    /// other.try_lock()?;
    /// gochan::fs::remove_file(path)
    /// # }
    /// ```
    #[track_caller]
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        blocking(|| flock(self, Operation::TryExclusive)).map_err(TryLockError::of)
    }

    /// Like [`try_lock`](File::try_lock), together with others that share the lock.
    ///
    /// # Errors
    /// Those of [`try_lock`](File::try_lock).
    #[track_caller]
    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        blocking(|| flock(self, Operation::TryShared)).map_err(TryLockError::of)
    }

    /// Frees the lock.
    ///
    /// # Errors
    /// Those of the system.
    #[track_caller]
    pub fn unlock(&self) -> io::Result<()> {
        blocking(|| flock(self, Operation::Unlock))
    }
}

/// Why a file was not locked, like std's `std::fs::TryLockError`.
#[derive(Debug)]
pub enum TryLockError {
    /// The system refused it.
    Error(io::Error),
    /// Someone else has locked the file.
    WouldBlock,
}

impl TryLockError {
    fn of(error: io::Error) -> TryLockError {
        if error.kind() == ErrorKind::WouldBlock {
            TryLockError::WouldBlock
        } else {
            TryLockError::Error(error)
        }
    }
}

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryLockError::Error(_) => f.write_str("the file could not be locked"),
            TryLockError::WouldBlock => f.write_str("the file is locked by another handle"),
        }
    }
}

impl Error for TryLockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            TryLockError::Error(error) => Some(error),
            TryLockError::WouldBlock => None,
        }
    }
}

impl From<TryLockError> for io::Error {
    fn from(error: TryLockError) -> io::Error {
        match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Exclusive,
    Shared,
    TryExclusive,
    TryShared,
    Unlock,
}

/// The systems on which std locks by `flock(2)`, so that its locks and these exclude each other.
#[cfg(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
))]
fn flock(file: &File, operation: Operation) -> io::Result<()> {
    let operation = match operation {
        Operation::Exclusive => libc::LOCK_EX,
        Operation::Shared => libc::LOCK_SH,
        Operation::TryExclusive => libc::LOCK_EX | libc::LOCK_NB,
        Operation::TryShared => libc::LOCK_SH | libc::LOCK_NB,
        Operation::Unlock => libc::LOCK_UN,
    };
    loop {
        // SAFETY: the descriptor is open as long as `file` is borrowed, and no memory is passed.
        if unsafe { libc::flock(file.as_raw_fd(), operation) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(not(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
)))]
fn flock(_: &File, _: Operation) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}
