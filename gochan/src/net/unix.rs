//! Sockets of the Unix domain.

use super::asynchronous::Async;
use super::direction::Operation;
use super::halves::{Half, ReadHalf, WriteHalf};
use super::stream::{peek, socket, stream, timeouts};
use super::tcp::accept_patiently;
use super::until::Until;
use crate::base::location::SourceLocation;
use crate::context::Context;
use crate::poll::Side;
use crate::sched::park::WaitReason;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::ManuallyDrop;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::{self, SocketAddr};
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A stream between processes of the host, or within one: std's [`UnixStream`](net::UnixStream), whose waits park the
/// goroutine. It is used as a [`TcpStream`](super::TcpStream).
///
/// ```
/// use gochan::net::UnixStream;
/// use std::io::{Read, Write};
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// let reading = gochan::go!({ std::io::read_to_string(&mut other) });
/// one.write_all(b"over there")?;
/// drop(one);
/// assert_eq!(reading.join().unwrap()?, "over there");
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "net.UnixConn")]
pub struct UnixStream(Async<net::UnixStream>);

/// A listening socket of the Unix domain: std's [`UnixListener`](net::UnixListener), whose waits park the goroutine.
/// The file of a socket stays when the socket is closed, as in std.
#[doc(alias = "net.UnixListener")]
pub struct UnixListener(Async<net::UnixListener>);

/// A socket of the Unix domain for datagrams: std's [`UnixDatagram`](net::UnixDatagram), whose waits park the
/// goroutine.
///
/// ```
/// use gochan::net::UnixDatagram;
///
/// let (one, other) = UnixDatagram::pair()?;
/// let receiving = gochan::go!({ other.recv(&mut [0; 100]) });
/// one.send(b"datagram")?;
/// assert_eq!(receiving.join().unwrap()?, 8);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixDatagram(Async<net::UnixDatagram>);

socket!(UnixStream, net::UnixStream);
socket!(UnixListener, net::UnixListener);
socket!(UnixDatagram, net::UnixDatagram);
timeouts!(UnixStream);
timeouts!(UnixDatagram);
stream!(UnixStream, note_read);

impl UnixStream {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// The system's.
    #[track_caller]
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        UnixStream::dial(None, path.as_ref(), Location::caller())
    }

    /// As [`connect`](UnixStream::connect), until `ctx` ends.
    ///
    /// # Errors
    /// The system's, or the end of `ctx`.
    #[track_caller]
    pub fn connect_ctx<P: AsRef<Path>>(ctx: &Context, path: P) -> io::Result<UnixStream> {
        UnixStream::dial(Some(ctx), path.as_ref(), Location::caller())
    }

    fn dial(ctx: Option<&Context>, path: &Path, place: SourceLocation) -> io::Result<UnixStream> {
        const PAUSE: Duration = Duration::from_millis(1);
        loop {
            match mio::net::UnixStream::connect(path) {
                Ok(stream) => {
                    // SAFETY: just taken out of its owner. The socket does not block.
                    let stream = unsafe { net::UnixStream::from_raw_fd(stream.into_raw_fd()) };
                    return Ok(UnixStream(Async::of(stream)));
                }
                // The queue of the listener is full, and nothing tells when it is not.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            // A pair that is never readable, to wait with.
            let (pause, _other) = UnixStream::pair()?;
            let connecting = Operation::new(Side::Reading, WaitReason::NetConnect, place);
            pause.0.0.pause(Operation { ctx, ..connecting }, PAUSE)?;
        }
    }

    /// Two sockets that are connected with each other.
    ///
    /// # Errors
    /// The system's.
    #[doc(alias = "Socketpair")]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((UnixStream(Async::new(one)?), UnixStream(Async::new(other)?)))
    }

    /// A short read may end at what belongs to a message with descriptors, so it does not tell that there is nothing
    /// left.
    #[inline]
    fn note_read(&self, _read: usize, _wanted: usize) {}

    /// The address of this end.
    ///
    /// # Errors
    /// It is closed.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::UnixStream::local_addr)
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// It is closed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::UnixStream::peer_addr)
    }
}

impl UnixListener {
    /// Listens at `path`, where no file may be yet.
    ///
    /// # Errors
    /// The system's.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        Ok(UnixListener(Async::new(net::UnixListener::bind(path)?)?))
    }

    /// Waits for a connection. Without descriptors it backs off as [`TcpListener::accept`](super::TcpListener::accept)
    /// does.
    ///
    /// # Errors
    /// The deadline for reading has passed, or the listener is closed.
    #[track_caller]
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        self.accept_for(Operation::new(Side::Reading, WaitReason::NetAccept, Location::caller()))
    }

    /// As [`accept`](UnixListener::accept), until `ctx` ends.
    ///
    /// # Errors
    /// As for `accept`, or the end of `ctx`.
    #[track_caller]
    pub fn accept_ctx(&self, ctx: &Context) -> io::Result<(UnixStream, SocketAddr)> {
        let accepting = Operation::new(Side::Reading, WaitReason::NetAccept, Location::caller());
        self.accept_for(accepting.with_ctx(ctx))
    }

    fn accept_for(&self, accepting: Operation<'_>) -> io::Result<(UnixStream, SocketAddr)> {
        accept_patiently(&self.0, accepting, |io| {
            // SAFETY: not closed by this owner, which is not dropped.
            let io = ManuallyDrop::new(unsafe { mio::net::UnixListener::from_raw_fd(io.as_raw_fd()) });
            let (stream, address) = io.accept()?;
            // SAFETY: just taken out of its owner. The socket does not block.
            let stream = unsafe { net::UnixStream::from_raw_fd(stream.into_raw_fd()) };
            Ok((UnixStream(Async::accepted(stream)), address))
        })
    }

    /// The connections, one after the other, for good.
    #[must_use]
    pub fn incoming(&self) -> UnixIncoming<'_> {
        UnixIncoming { listener: self }
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// It is closed.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::UnixListener::local_addr)
    }
}

/// The connections of a [`UnixListener`].
#[derive(Debug)]
pub struct UnixIncoming<'a> {
    listener: &'a UnixListener,
}

impl Iterator for UnixIncoming<'_> {
    type Item = io::Result<UnixStream>;

    #[track_caller]
    fn next(&mut self) -> Option<io::Result<UnixStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }
}

impl UnixDatagram {
    /// A socket at `path`, where no file may be yet.
    ///
    /// # Errors
    /// The system's.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        Ok(UnixDatagram(Async::new(net::UnixDatagram::bind(path)?)?))
    }

    /// A socket without an address.
    ///
    /// # Errors
    /// The system's.
    pub fn unbound() -> io::Result<UnixDatagram> {
        Ok(UnixDatagram(Async::new(net::UnixDatagram::unbound()?)?))
    }

    /// Two sockets that are connected with each other.
    ///
    /// # Errors
    /// The system's.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((UnixDatagram(Async::new(one)?), UnixDatagram(Async::new(other)?)))
    }

    /// The socket for [`send`](UnixDatagram::send).
    ///
    /// # Errors
    /// The system's, or that it is closed.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.0.with(|io| io.connect(path))
    }

    /// Sends a datagram to the socket at `path`. Returns its length.
    ///
    /// # Errors
    /// The system's, the deadline for writing, or that it is closed.
    #[track_caller]
    pub fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        let path = path.as_ref();
        self.0.write_with(|io| io.send_to(buf, path))
    }

    /// Sends a datagram to the socket of [`connect`](UnixDatagram::connect).
    ///
    /// # Errors
    /// As for [`send_to`](UnixDatagram::send_to), or that it is not connected.
    #[track_caller]
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.write_with(|io| io.send(buf))
    }

    /// Receives a datagram. Returns its length and where it is from; what does not fit into the buffer is lost.
    ///
    /// # Errors
    /// The system's, the deadline for reading, or that it is closed.
    #[track_caller]
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.read_with(|io| io.recv_from(buf))
    }

    /// As [`recv_from`](UnixDatagram::recv_from), without the address.
    ///
    /// # Errors
    /// As for `recv_from`.
    #[track_caller]
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|io| io.recv(buf))
    }

    /// Shuts down one direction or both.
    ///
    /// # Errors
    /// It is not connected, or closed.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.with(|io| io.shutdown(how))
    }

    /// The address of the socket.
    ///
    /// # Errors
    /// It is closed.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::UnixDatagram::local_addr)
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// It is not connected, or closed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::UnixDatagram::peer_addr)
    }
}
