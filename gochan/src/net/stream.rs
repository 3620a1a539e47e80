//! What the streams and the other sockets have in common, as macros, so that each page of the documentation lists it.

/// Deadlines, closing, contexts; conversions from and to std's type. `$name` is a tuple struct of an `Async<$std>`.
macro_rules! socket {
    ($name:ident, $std:ty) => {
        impl $name {
            /// Another handle of the same socket, for another goroutine or for the other direction: as `clone`, but not
            /// of a closed one.
            ///
            /// # Errors
            /// It is closed.
            pub fn try_clone(&self) -> io::Result<$name> {
                self.0.with(|_| Ok(()))?;
                Ok($name(self.0.handle()))
            }

            /// Sets both deadlines; see [`set_read_deadline`](Self::set_read_deadline).
            ///
            /// # Errors
            /// It is closed.
            #[doc(alias = "SetDeadline")]
            pub fn set_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
                self.0.set_deadline(deadline)
            }

            /// The time after which reading or accepting fails with [`TimedOut`](io::ErrorKind::TimedOut), until
            /// another deadline is set; `None`: never. It holds for waits that have begun as well, and any goroutine or
            /// thread may set it: a deadline in the past ends a wait. Never blocks.
            ///
            /// # Errors
            /// It is closed.
            #[doc(alias = "SetReadDeadline")]
            pub fn set_read_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
                self.0.set_read_deadline(deadline)
            }

            /// As [`set_read_deadline`](Self::set_read_deadline), for writing.
            ///
            /// # Errors
            /// It is closed.
            #[doc(alias = "SetWriteDeadline")]
            pub fn set_write_deadline(&self, deadline: Option<Instant>) -> io::Result<()> {
                self.0.set_write_deadline(deadline)
            }

            /// While the guard lives, the end of `ctx` ends every wait; see [`Async::until`](super::Async::until).
            #[track_caller]
            pub fn until(&self, ctx: &Context) -> Until {
                self.0.until(ctx)
            }

            /// Ends all operations of all handles, those in flight included, with [`Closed`](super::Closed), and closes
            /// the socket once the last of them has left. Never blocks. See [`Async::close`](super::Async::close).
            ///
            /// # Errors
            /// It was closed before.
            #[doc(alias = "Close")]
            pub fn close(&self) -> io::Result<()> {
                self.0.close()
            }

            /// As in std: with true, operations fail with [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting.
            ///
            /// # Errors
            /// It is closed.
            pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
                self.0.with(|_| Ok(()))?;
                self.0.0.set_nonblocking(nonblocking);
                Ok(())
            }

            /// The pending error of the socket, which this clears.
            ///
            /// # Errors
            /// It is closed.
            pub fn take_error(&self) -> io::Result<Option<io::Error>> {
                self.0.with(|io| io.take_error())
            }
        }

        /// Another handle of the same socket. Deadlines, timeouts and a close are those of all handles; the socket is
        /// closed with the last one. One atomic addition.
        impl Clone for $name {
            fn clone(&self) -> $name {
                $name(self.0.handle())
            }
        }

        /// Makes the socket non-blocking.
        ///
        /// # Panics
        /// If the system refuses that.
        impl From<$std> for $name {
            fn from(io: $std) -> $name {
                $name(Async::new(io).expect("a socket can be made non-blocking"))
            }
        }

        /// The socket blocks again. If there are other handles, it is a duplicate, which is and stays non-blocking.
        ///
        /// # Panics
        /// If it is closed, or the system refuses a duplicate.
        impl From<$name> for $std {
            fn from(socket: $name) -> $std {
                match Arc::try_unwrap(socket.0.0) {
                    Ok(source) => {
                        let io = source.into_io().expect("a socket that is not closed");
                        io.set_nonblocking(false).expect("a socket can be made blocking");
                        io
                    }
                    Err(shared) => {
                        let duplicate = shared.enter().and_then(|in_flight| in_flight.io().try_clone());
                        duplicate.expect("a socket that is not closed can be duplicated")
                    }
                }
            }
        }

        impl From<$name> for OwnedFd {
            fn from(socket: $name) -> OwnedFd {
                <$std>::from(socket).into()
            }
        }

        impl From<OwnedFd> for $name {
            fn from(fd: OwnedFd) -> $name {
                <$std>::from(fd).into()
            }
        }

        /// # Panics
        /// If it is closed.
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

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.0.fmt(f)
            }
        }
    };
}

/// std's timeouts of operations.
macro_rules! timeouts {
    ($name:ident) => {
        impl $name {
            /// The longest time that one operation waits to read; `None`: for good. It fails with
            /// [`TimedOut`](io::ErrorKind::TimedOut) then. Holds for operations that begin later, beside the deadline.
            ///
            /// # Errors
            /// The timeout is zero.
            pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.0.0.direction(Side::Reading).set_timeout(timeout)
            }

            /// As [`set_read_timeout`](Self::set_read_timeout), for writing.
            ///
            /// # Errors
            /// The timeout is zero.
            pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.0.0.direction(Side::Writing).set_timeout(timeout)
            }

            /// The timeout for reading.
            ///
            /// # Errors
            /// None.
            pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
                Ok(self.0.0.direction(Side::Reading).timeout())
            }

            /// The timeout for writing.
            ///
            /// # Errors
            /// None.
            pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
                Ok(self.0.0.direction(Side::Writing).timeout())
            }
        }
    };
}

/// `Read` and `Write` for a stream and for a reference to it, and its halves.
macro_rules! stream {
    ($name:ident, $read:ident) => {
        impl $name {
            /// As reading, but what is read stays there.
            ///
            /// # Errors
            /// As for reading.
            #[track_caller]
            pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.read_with(|io| peek(io.as_fd(), buf))
            }

            /// Shuts down one direction or both: the peer reads to the end of what was written. Waits in that direction
            /// end.
            ///
            /// # Errors
            /// It is not connected, or closed.
            #[doc(alias = "CloseWrite")]
            #[doc(alias = "CloseRead")]
            pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
                self.0.with(|io| io.shutdown(how))
            }

            /// Two handles, one for each direction. Dropping the writing half shuts that direction down.
            pub fn into_split(self) -> (ReadHalf<$name>, WriteHalf<$name>) {
                (ReadHalf::new(self.clone()), WriteHalf::new(self))
            }
        }

        impl Read for &$name {
            #[track_caller]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.0.operate(Operation::reading(Location::caller()), |mut io| {
                    let read = io.read(buf)?;
                    self.$read(read, buf.len());
                    Ok(read)
                })
            }

            #[track_caller]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                (&self.0).read_vectored(bufs)
            }
        }

        impl Write for &$name {
            #[track_caller]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                (&self.0).write(buf)
            }

            #[track_caller]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                (&self.0).write_vectored(bufs)
            }

            /// Nothing is buffered.
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        impl Read for $name {
            #[track_caller]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                (&*self).read(buf)
            }

            #[track_caller]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                (&*self).read_vectored(bufs)
            }
        }

        impl Write for $name {
            #[track_caller]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                (&*self).write(buf)
            }

            #[track_caller]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                (&*self).write_vectored(bufs)
            }

            /// Nothing is buffered.
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        impl Half for $name {
            fn end_writing(&self) {
                let _ = self.shutdown(Shutdown::Write);
            }
        }
    };
}

pub(super) use {socket, stream, timeouts};

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Reads without taking.
pub(super) fn peek(fd: BorrowedFd<'_>, buf: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer and the length are those of the buffer.
    let read = unsafe { libc::recv(fd.as_raw_fd(), buf.as_mut_ptr().cast(), buf.len(), libc::MSG_PEEK) };
    usize::try_from(read).map_err(|_| io::Error::last_os_error())
}
