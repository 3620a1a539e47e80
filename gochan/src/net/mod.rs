//! Sockets, and other descriptors, whose waits park the goroutine instead of its worker.
//!
//! The types have std's names and methods, so code that is written for std's blocking sockets works as it is, and a
//! goroutine for each connection is cheap. Outside of goroutines, and on
//! [`Backend::Threads`](crate::runtime::Backend::Threads), the same operations block the thread.
//!
//! What std does not have is as in Go: [deadlines](TcpStream::set_read_deadline) that any goroutine may set at any
//! time, [`close`](TcpStream::close) from elsewhere, and contexts that end a wait ([`until`](TcpStream::until),
//! `…_ctx`). [`Async`] does the same for any other descriptor.
//!
//! # What it costs
//!
//! An operation tries first. Only if there is nothing to read, or no room to write, the goroutine is parked, and the
//! socket is registered, once and for all, with the poller of its worker (epoll or kqueue). A worker with nothing to
//! run sleeps in its poller; a busy one looks into it now and then. Each operation counts for the budget of its
//! goroutine, so that a fast peer does not keep the worker. A program without sockets has no poller.
//!
//! # In tests
//!
//! In [virtual time and explorations](mod@crate::test) a wait for a descriptor holds the thread, so that time stands
//! still and nothing else runs: both ends cannot be in the test.
//!
//! # Go's names
//!
//! | Go | here |
//! |---|---|
//! | `net.Listen`, `l.Accept()` | [`TcpListener::bind`], [`accept`](TcpListener::accept), [`accept_ctx`](TcpListener::accept_ctx) |
//! | `net.Dial`, `DialContext`, `DialTimeout` | [`TcpStream::connect`], [`connect_ctx`](TcpStream::connect_ctx), [`connect_timeout`](TcpStream::connect_timeout) |
//! | `c.SetReadDeadline(t)`, `time.Time{}` | [`set_read_deadline`](TcpStream::set_read_deadline)`(Some(t))`, `None` |
//! | `c.Close()`, `net.ErrClosed` | [`close`](TcpStream::close), [`Closed`] |
//! | `c.CloseWrite()` | [`shutdown`](TcpStream::shutdown) |
//! | `net.ListenPacket`, `net.Pipe` | [`UdpSocket::bind`], [`pipe`](fn@pipe) |
//! | `net.LookupHost` | [`lookup`](fn@lookup), [`lookup_ctx`] |

mod addresses;
mod asynchronous;
mod direction;
mod error;
mod halves;
mod lookup;
#[cfg(all(test, gochan_model))]
mod model;
#[cfg(all(test, gochan_loom))]
mod model_loom;
mod pipe;
mod reuse_port;
mod service;
mod source;
mod stream;
mod tcp;
mod turn;
mod udp;
mod unix;
mod until;

pub use addresses::ToSocketAddrs;
pub use asynchronous::Async;
pub(crate) use asynchronous::set_nonblocking;
pub use error::Closed;
pub use halves::{ReadHalf, WriteHalf};
pub use lookup::{lookup, lookup_ctx};
pub use pipe::{Pipe, pipe};
pub use tcp::{Incoming, TcpListener, TcpStream};
pub use udp::UdpSocket;
pub use unix::{UnixDatagram, UnixIncoming, UnixListener, UnixStream};
pub use until::Until;
