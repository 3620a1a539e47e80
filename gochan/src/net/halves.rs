//! The two directions of a stream, as values of their own.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};

/// A stream that has halves.
pub(super) trait Half {
    /// The peer is to read to the end of what was written.
    fn end_writing(&self);
}

/// The reading direction of a stream, such as of [`TcpStream::into_split`](super::TcpStream::into_split).
#[derive(Debug)]
pub struct ReadHalf<S>(S);

/// The writing direction of a stream. Its drop shuts the direction down, so that the peer reads to the end.
#[derive(Debug)]
#[allow(private_bounds, reason = "the bound is for the destructor")]
pub struct WriteHalf<S: Half>(S);

impl<S> ReadHalf<S> {
    pub(super) fn new(stream: S) -> ReadHalf<S> {
        ReadHalf(stream)
    }

    /// The stream, for deadlines and options.
    pub fn get_ref(&self) -> &S {
        &self.0
    }
}

#[allow(private_bounds, reason = "as above")]
impl<S: Half> WriteHalf<S> {
    pub(super) fn new(stream: S) -> WriteHalf<S> {
        WriteHalf(stream)
    }

    /// The stream, for deadlines and options.
    pub fn get_ref(&self) -> &S {
        &self.0
    }
}

impl<S: Half> Drop for WriteHalf<S> {
    fn drop(&mut self) {
        self.0.end_writing();
    }
}

impl<S: Read> Read for ReadHalf<S> {
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    #[track_caller]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(bufs)
    }
}

impl<S: Write + Half> Write for WriteHalf<S> {
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    #[track_caller]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    #[track_caller]
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
