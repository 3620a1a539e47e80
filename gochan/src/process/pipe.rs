//! The ends of a child's pipes, whose waits park the goroutine as those of sockets do.

use crate::Context;
use crate::net::{Async, Until, set_nonblocking};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::process::Stdio;
use std::time::Instant;

macro_rules! ends {
    ($($(#[$doc:meta])* $name:ident, $deadline:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// The descriptor does not block: it is not for code that expects one that does. What it is converted into blocks
        /// again.
        #[derive(Debug)]
        pub struct $name(Async<std::process::$name>);

        impl $name {
            /// The time after which operations fail with [`TimedOut`](io::ErrorKind::TimedOut), until another deadline is
            /// set; `None`: never. Never blocks.
            ///
            /// # Errors
            /// It is closed.
            pub fn set_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
                self.0.$deadline(deadline)
            }

            /// While the guard lives, the end of `ctx` ends every wait; see [`Async::until`].
            #[track_caller]
            pub fn until(&self, ctx: &Context) -> Until {
                self.0.until(ctx)
            }
        }

        /// Makes the descriptor non-blocking.
        ///
        /// # Panics
        /// If the system refuses that.
        impl From<std::process::$name> for $name {
            fn from(end: std::process::$name) -> $name {
                $name(Async::new(end).expect("a pipe can be made non-blocking"))
            }
        }

        /// The descriptor blocks again.
        ///
        /// # Panics
        /// If the system refuses that.
        impl From<$name> for std::process::$name {
            fn from(end: $name) -> std::process::$name {
                let end = end.0.into_inner().expect("nothing closes it");
                set_nonblocking(end.as_fd(), false).expect("a pipe can be made blocking");
                end
            }
        }

        /// For the input or output of another child.
        impl From<$name> for Stdio {
            fn from(end: $name) -> Stdio {
                std::process::$name::from(end).into()
            }
        }

        impl From<$name> for OwnedFd {
            fn from(end: $name) -> OwnedFd {
                std::process::$name::from(end).into()
            }
        }

        impl AsFd for $name {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }

        impl AsRawFd for $name {
            fn as_raw_fd(&self) -> RawFd {
                self.0.as_raw_fd()
            }
        }
    )*};
}

ends! {
    /// The standard input of a child that has a pipe for it. Dropping it is the end of the input.
    #[doc(alias = "StdinPipe")]
    ChildStdin, set_write_deadline;
    /// The standard output of a child that has a pipe for it.
    #[doc(alias = "StdoutPipe")]
    ChildStdout, set_read_deadline;
    /// The standard error of a child that has a pipe for it.
    #[doc(alias = "StderrPipe")]
    ChildStderr, set_read_deadline;
}

macro_rules! reads {
    ($($name:ident)*) => {$(
        impl Read for $name {
            #[track_caller]
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(buffer)
            }

            #[track_caller]
            fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.0.read_vectored(buffers)
            }
        }
    )*};
}

reads!(ChildStdout ChildStderr);

impl Write for ChildStdin {
    #[track_caller]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    #[track_caller]
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(buffers)
    }

    /// Nothing is kept back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
