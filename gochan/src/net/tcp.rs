//! TCP.

use super::addresses::{ToSocketAddrs, first_of, resolve};
use super::asynchronous::Async;
use super::direction::Operation;
use super::halves::{Half, ReadHalf, WriteHalf};
use super::reuse_port;
use super::stream::{peek, socket, stream, timeouts};
use super::until::Until;
use crate::base::location::SourceLocation;
use crate::base::report;
use crate::context::Context;
use crate::poll::Side;
use crate::sched::park::WaitReason;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::ManuallyDrop;
use std::net::{self, Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// As many connections may wait for an accept as the system allows.
const LONGEST_QUEUE: libc::c_int = -1;

/// A TCP connection: std's [`TcpStream`](net::TcpStream), whose waits park the goroutine.
///
/// It reads and writes by reference as well, so goroutines may share it in an `Arc` or by
/// [`try_clone`](TcpStream::try_clone). Reads come one after the other, and so do writes.
///
/// ```
/// use gochan::net::{TcpListener, TcpStream};
/// use std::io::{Read, Write};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let serving = gochan::go!(move || -> std::io::Result<()> {
///     let (mut stream, _) = listener.accept()?;
///     std::io::copy(&mut stream.try_clone()?, &mut stream)?;
///     Ok(())
/// }());
/// let mut stream = TcpStream::connect(address)?;
/// stream.write_all(b"echo")?;
/// stream.shutdown(std::net::Shutdown::Write)?;
/// let mut text = String::new();
/// stream.read_to_string(&mut text)?;
/// assert_eq!(text, "echo");
/// serving.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "net.TCPConn")]
#[doc(alias = "net.Conn")]
pub struct TcpStream(Async<net::TcpStream>);

/// A listening TCP socket: std's [`TcpListener`](net::TcpListener), whose waits park the goroutine.
///
/// One goroutine that accepts and starts a goroutine for each connection uses all workers: the first goroutine that it
/// starts after an accept begins on the worker with the fewest accepted connections.
///
/// ```
/// use gochan::net::{TcpListener, TcpStream};
/// use std::io::Write;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let handle = listener.try_clone()?;
/// let serving = gochan::go!(move || {
///     for stream in listener.incoming() {
///         let Ok(mut stream) = stream else { break };
///         gochan::go!(move || { let _ = stream.write_all(b"hello"); }());
///     }
/// }());
/// let text = std::io::read_to_string(TcpStream::connect(address)?)?;
/// assert_eq!(text, "hello");
/// handle.close()?;
/// serving.join().unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "net.TCPListener")]
#[doc(alias = "net.Listener")]
#[doc(alias = "net.Listen")]
pub struct TcpListener(Async<net::TcpListener>);

socket!(TcpStream, net::TcpStream);
socket!(TcpListener, net::TcpListener);
timeouts!(TcpStream);
stream!(TcpStream, note_read);

impl TcpStream {
    /// Connects to the first address that accepts. Names are looked up on another thread.
    ///
    /// # Errors
    /// No address accepts: the error of the last one. Or the name is not known.
    #[doc(alias = "Dial")]
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        let place = Location::caller();
        first_of(resolve(None, &addr, place)?, |address| TcpStream::dial(None, address, None, place))
    }

    /// As [`connect`](TcpStream::connect), until `ctx` ends.
    ///
    /// # Errors
    /// As for `connect`, or the end of `ctx`.
    #[doc(alias = "DialContext")]
    #[track_caller]
    pub fn connect_ctx<A: ToSocketAddrs>(ctx: &Context, addr: A) -> io::Result<TcpStream> {
        let place = Location::caller();
        first_of(resolve(Some(ctx), &addr, place)?, |address| {
            TcpStream::dial(Some(ctx), address, None, place)
        })
    }

    /// Connects to `addr` within `timeout`.
    ///
    /// # Errors
    /// As for [`connect`](TcpStream::connect), or [`TimedOut`](io::ErrorKind::TimedOut), or a timeout of zero.
    #[doc(alias = "DialTimeout")]
    #[track_caller]
    pub fn connect_timeout(addr: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        TcpStream::dial(None, *addr, Some(timeout), Location::caller())
    }

    fn dial(
        ctx: Option<&Context>,
        address: SocketAddr,
        timeout: Option<Duration>,
        place: SourceLocation,
    ) -> io::Result<TcpStream> {
        let fd = mio::net::TcpStream::connect(address)?.into_raw_fd();
        // SAFETY: just taken out of its owner.
        let stream = TcpStream(Async::of(unsafe { net::TcpStream::from_raw_fd(fd) }));
        stream.set_write_timeout(timeout)?;
        let connecting = Operation::new(Side::Writing, WaitReason::NetConnect, place);
        stream.0.0.operate(Operation { ctx, ..connecting }, |io| {
            if let Some(error) = io.take_error()? {
                return Err(error);
            }
            match io.peer_addr() {
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                connected => connected,
            }
        })?;
        stream.set_write_timeout(None)?;
        Ok(stream)
    }

    /// A read has got `read` bytes of `wanted`.
    #[inline]
    fn note_read(&self, read: usize, wanted: usize) {
        // On Linux a short read has taken all that there was, unless there are urgent data, which are not to be used.
        if cfg!(target_os = "linux") && read > 0 && read < wanted {
            self.0.0.words.drained();
        }
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// It is not connected, or closed.
    #[doc(alias = "RemoteAddr")]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::TcpStream::peer_addr)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// It is closed.
    #[doc(alias = "LocalAddr")]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::TcpStream::local_addr)
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`). Go's default is true, and std's and this one is false.
    ///
    /// # Errors
    /// It is closed.
    #[doc(alias = "SetNoDelay")]
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.with(|io| io.set_nodelay(nodelay))
    }

    /// The value of `TCP_NODELAY`.
    ///
    /// # Errors
    /// It is closed.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.with(net::TcpStream::nodelay)
    }

    /// Sets the time to live of packets.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.with(|io| io.set_ttl(ttl))
    }

    /// The time to live of packets.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.with(net::TcpStream::ttl)
    }
}

impl TcpListener {
    /// Listens at the first address that can be bound.
    ///
    /// # Errors
    /// No address can be bound: the error of the last one. Or the name is not known.
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let addresses = resolve(None, &addr, Location::caller())?;
        TcpListener::listen(net::TcpListener::bind(&*addresses)?)
    }

    /// As [`bind`](TcpListener::bind), at a port that other listeners may share (`SO_REUSEPORT`): the system spreads the
    /// connections over them by a hash of the addresses.
    ///
    /// For more connections a second than one goroutine can accept. Otherwise one listener is better: a hash spreads few
    /// connections unevenly, and closing one of several listeners resets what waits in its queue.
    ///
    /// # Errors
    /// As for `bind`.
    #[track_caller]
    pub fn bind_reuse_port<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let addresses = resolve(None, &addr, Location::caller())?;
        first_of(addresses, |address| TcpListener::listen(reuse_port::bind(address)?))
    }

    fn listen(listener: net::TcpListener) -> io::Result<TcpListener> {
        // std's queue of 128 connections is short for goroutines that connect faster than another one accepts.
        // SAFETY: a call on an open descriptor.
        if unsafe { libc::listen(listener.as_raw_fd(), LONGEST_QUEUE) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(TcpListener(Async::new(listener)?))
    }

    /// Waits for a connection. While the process has no descriptor left it waits for one, and says so once on standard
    /// error.
    ///
    /// # Errors
    /// The deadline for reading has passed, or the listener is closed.
    #[doc(alias = "Accept")]
    #[track_caller]
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.accept_for(Operation::new(Side::Reading, WaitReason::NetAccept, Location::caller()))
    }

    /// As [`accept`](TcpListener::accept), until `ctx` ends.
    ///
    /// # Errors
    /// As for `accept`, or the end of `ctx`.
    #[track_caller]
    pub fn accept_ctx(&self, ctx: &Context) -> io::Result<(TcpStream, SocketAddr)> {
        let accepting = Operation::new(Side::Reading, WaitReason::NetAccept, Location::caller());
        self.accept_for(accepting.with_ctx(ctx))
    }

    fn accept_for(&self, accepting: Operation<'_>) -> io::Result<(TcpStream, SocketAddr)> {
        accept_patiently(&self.0, accepting, |io| {
            // SAFETY: not closed by this owner, which is not dropped.
            let io = ManuallyDrop::new(unsafe { mio::net::TcpListener::from_raw_fd(io.as_raw_fd()) });
            let (stream, address) = io.accept()?;
            // SAFETY: just taken out of its owner. The socket does not block.
            let stream = unsafe { net::TcpStream::from_raw_fd(stream.into_raw_fd()) };
            Ok((TcpStream(Async::accepted(stream)), address))
        })
    }

    /// The connections, one after the other, for good. The iterator never ends: leave it at an error such as that of a
    /// close.
    #[must_use]
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// It is closed.
    #[doc(alias = "Addr")]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::TcpListener::local_addr)
    }

    /// Sets the time to live of packets.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.with(|io| io.set_ttl(ttl))
    }

    /// The time to live of packets.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.with(net::TcpListener::ttl)
    }
}

/// The connections of a [`TcpListener`].
#[derive(Debug)]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    #[track_caller]
    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }
}

/// Accepts, and backs off while the system has no descriptor or memory for another connection.
pub(super) fn accept_patiently<T: AsFd, R>(
    listener: &Async<T>,
    accepting: Operation<'_>,
    mut accept: impl FnMut(&T) -> io::Result<R>,
) -> io::Result<R> {
    const SHORTEST: Duration = Duration::from_millis(5);
    const LONGEST: Duration = Duration::from_secs(1);
    static TOLD: AtomicBool = AtomicBool::new(false);
    let mut pause = SHORTEST;
    loop {
        let error = match listener.0.operate(accepting, &mut accept) {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        match error.raw_os_error() {
            // The peer has left before.
            Some(libc::ECONNABORTED) => {}
            Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => {
                if !TOLD.swap(true, Relaxed) {
                    report::warn(&format!(
                        "a connection cannot be accepted at {} ({error}); it is tried again",
                        accepting.place
                    ));
                }
                listener.0.pause(accepting, pause)?;
                pause = (2 * pause).min(LONGEST);
            }
            _ => return Err(error),
        }
    }
}
