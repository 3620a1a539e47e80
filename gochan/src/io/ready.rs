//! Waiting for a descriptor to be ready, until a context ends: `poll` on a thread of the pool.
//!
//! The end of the context shows on a pipe, whose writing end a function of the context drops.

use crate::Context;
use crate::context::{ContextError, StopHandle};
use crate::spawn::blocking::blocking;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// Shows the end of a context to `poll`. While it lives, the context refers to it.
pub(crate) struct Ending {
    ctx: Context,
    /// None if the context never ends.
    shown: Option<(PipeReader, StopHandle)>,
}

impl Ending {
    pub(crate) fn of(ctx: &Context) -> io::Result<Ending> {
        let shown = if ctx.done().is_nil() {
            None
        } else {
            let (reader, writer) = io::pipe()?;
            Some((reader, ctx.after_func(move || drop(writer))))
        };
        Ok(Ending { ctx: ctx.clone(), shown })
    }

    /// Waits until one of the descriptors can be read, is at its end or has an error. Says which are so.
    ///
    /// # Errors
    /// If the context has ended, or the system refuses.
    #[track_caller]
    pub(crate) fn wait_for<const N: usize>(
        &self,
        descriptors: [Option<BorrowedFd<'_>>; N],
    ) -> io::Result<[bool; N]> {
        blocking(|| self.poll(descriptors))
    }

    /// Like [`wait_for`](Ending::wait_for), on this thread.
    pub(crate) fn poll<const N: usize>(
        &self,
        descriptors: [Option<BorrowedFd<'_>>; N],
    ) -> io::Result<[bool; N]> {
        // The system ignores negative ones.
        let entry = |fd: Option<i32>| libc::pollfd { fd: fd.unwrap_or(-1), events: libc::POLLIN, revents: 0 };
        let mut polled = descriptors.map(|descriptor| entry(descriptor.map(|fd| fd.as_raw_fd()))).to_vec();
        polled.push(entry(self.shown.as_ref().map(|(reader, _)| reader.as_fd().as_raw_fd())));
        loop {
            // SAFETY: the entries are a local, and the descriptors are open.
            let ready = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, -1) };
            let error = io::Error::last_os_error();
            self.check()?;
            match ready {
                -1 if error.kind() == io::ErrorKind::Interrupted => {}
                -1 => return Err(error),
                _ => return Ok(std::array::from_fn(|index| polled[index].revents != 0)),
            }
        }
    }

    /// # Errors
    /// If the context has ended.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.ctx.ended().map_or(Ok(()), |error| Err(error_of(error)))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some((_, stop)) = &self.shown {
            stop.stop();
        }
    }
}

/// The error of an operation that its context has ended. The context's error is its source.
pub(crate) fn error_of(error: ContextError) -> io::Error {
    let kind = match error {
        ContextError::DeadlineExceeded => io::ErrorKind::TimedOut,
        // Not `Interrupted`, upon which callers try again.
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
