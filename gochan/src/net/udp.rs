//! UDP.

use super::addresses::{ToSocketAddrs, first_of, resolve};
use super::asynchronous::Async;
use super::direction::Operation;
use super::stream::{socket, timeouts};
use super::until::Until;
use crate::context::Context;
use crate::poll::Side;
use std::fmt;
use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A UDP socket: std's [`UdpSocket`](net::UdpSocket), whose waits park the goroutine.
///
/// ```
/// use gochan::net::UdpSocket;
///
/// let server = UdpSocket::bind("127.0.0.1:0")?;
/// let address = server.local_addr()?;
/// gochan::go!({
///     let mut buf = [0; 1500];
///     let (length, from) = server.recv_from(&mut buf).unwrap();
///     server.send_to(&buf[..length], from).unwrap();
/// });
/// let client = UdpSocket::bind("127.0.0.1:0")?;
/// client.send_to(b"ping", address)?;
/// let mut buf = [0; 1500];
/// assert_eq!(client.recv(&mut buf)?, 4);
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "net.UDPConn")]
#[doc(alias = "net.PacketConn")]
#[doc(alias = "net.ListenPacket")]
pub struct UdpSocket(Async<net::UdpSocket>);

socket!(UdpSocket, net::UdpSocket);
timeouts!(UdpSocket);

impl UdpSocket {
    /// A socket at the first address that can be bound.
    ///
    /// # Errors
    /// No address can be bound: the error of the last one. Or the name is not known.
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        let addresses = resolve(None, &addr, Location::caller())?;
        Ok(UdpSocket(Async::new(net::UdpSocket::bind(&*addresses)?)?))
    }

    /// The address for [`send`](UdpSocket::send), and the only one from which [`recv`](UdpSocket::recv) receives.
    ///
    /// # Errors
    /// The system's, or that the name is not known.
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        let addresses = resolve(None, &addr, Location::caller())?;
        self.0.with(|io| first_of(addresses, |address| io.connect(address)))
    }

    /// Sends a datagram to the first of the addresses. Returns its length.
    ///
    /// # Errors
    /// The system's, the deadline for writing, or that it is closed.
    #[doc(alias = "WriteTo")]
    #[track_caller]
    pub fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let place = Location::caller();
        let addresses = resolve(None, &addr, place)?;
        let Some(address) = addresses.first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to"));
        };
        self.0.0.operate(Operation::writing(place), |io| io.send_to(buf, address))
    }

    /// Receives a datagram. Returns its length and where it is from; what does not fit into the buffer is lost.
    ///
    /// # Errors
    /// The system's, the deadline for reading, or that it is closed.
    #[doc(alias = "ReadFrom")]
    #[track_caller]
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.read_with(|io| io.recv_from(buf))
    }

    /// As [`recv_from`](UdpSocket::recv_from), but the datagram stays there.
    ///
    /// # Errors
    /// As for `recv_from`.
    #[track_caller]
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.read_with(|io| io.peek_from(buf))
    }

    /// Sends a datagram to the address of [`connect`](UdpSocket::connect).
    ///
    /// # Errors
    /// As for [`send_to`](UdpSocket::send_to), or that it is not connected.
    #[track_caller]
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.write_with(|io| io.send(buf))
    }

    /// As [`recv_from`](UdpSocket::recv_from), without the address.
    ///
    /// # Errors
    /// As for `recv_from`.
    #[track_caller]
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|io| io.recv(buf))
    }

    /// As [`recv`](UdpSocket::recv), but the datagram stays there.
    ///
    /// # Errors
    /// As for `recv`.
    #[track_caller]
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|io| io.peek(buf))
    }

    /// The address of the socket.
    ///
    /// # Errors
    /// It is closed.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::UdpSocket::local_addr)
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// It is not connected, or closed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.with(net::UdpSocket::peer_addr)
    }

    /// Sets whether datagrams may go to a broadcast address.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn set_broadcast(&self, value: bool) -> io::Result<()> {
        self.0.with(|io| io.set_broadcast(value))
    }

    /// The value set by [`set_broadcast`](Self::set_broadcast).
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.0.with(net::UdpSocket::broadcast)
    }

    /// Sets the time to live of packets.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn set_ttl(&self, value: u32) -> io::Result<()> {
        self.0.with(|io| io.set_ttl(value))
    }

    /// The value set by [`set_ttl`](Self::set_ttl).
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.with(net::UdpSocket::ttl)
    }

    /// Sets whether multicast datagrams come back to this host.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn set_multicast_loop_v4(&self, value: bool) -> io::Result<()> {
        self.0.with(|io| io.set_multicast_loop_v4(value))
    }

    /// The value set by [`set_multicast_loop_v4`](Self::set_multicast_loop_v4).
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.0.with(net::UdpSocket::multicast_loop_v4)
    }

    /// Sets whether multicast datagrams come back to this host.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn set_multicast_loop_v6(&self, value: bool) -> io::Result<()> {
        self.0.with(|io| io.set_multicast_loop_v6(value))
    }

    /// The value set by [`set_multicast_loop_v6`](Self::set_multicast_loop_v6).
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.0.with(net::UdpSocket::multicast_loop_v6)
    }

    /// Sets the time to live of multicast packets.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn set_multicast_ttl_v4(&self, value: u32) -> io::Result<()> {
        self.0.with(|io| io.set_multicast_ttl_v4(value))
    }

    /// The value set by [`set_multicast_ttl_v4`](Self::set_multicast_ttl_v4).
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.0.with(net::UdpSocket::multicast_ttl_v4)
    }

    /// Joins a multicast group.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.with(|io| io.join_multicast_v4(group, interface))
    }

    /// Leaves a multicast group.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.with(|io| io.leave_multicast_v4(group, interface))
    }

    /// Joins a multicast group.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.with(|io| io.join_multicast_v6(group, interface))
    }

    /// Leaves a multicast group.
    ///
    /// # Errors
    /// The system's, or it is closed.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.with(|io| io.leave_multicast_v6(group, interface))
    }
}
