//! What stands for addresses: addresses, and names that are looked up.

use super::lookup;
use crate::base::location::SourceLocation;
use crate::context::Context;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Whatever [`TcpStream::connect`](super::TcpStream::connect) and the like accept, as std's trait of the same name:
/// addresses, pairs of a host and a port, and strings such as `"example.org:80"`.
///
/// It is a trait of its own because names are looked up on another thread, while the calling goroutine is parked.
pub trait ToSocketAddrs: sealed::Wanted {}

impl<A: sealed::Wanted + ?Sized> ToSocketAddrs for A {}

/// A host by name, or addresses that need no look-up.
#[derive(Debug)]
pub enum Wanted {
    Known(Vec<SocketAddr>),
    Host(String, u16),
}

pub(super) mod sealed {
    use super::*;

    pub trait Wanted {
        fn wanted(&self) -> io::Result<super::Wanted>;
    }
}

/// The addresses, in the order in which they are to be tried.
///
/// # Errors
/// The name is not known, or `ctx` has ended.
pub(super) fn resolve<A: ToSocketAddrs + ?Sized>(
    ctx: Option<&Context>,
    addr: &A,
    place: SourceLocation,
) -> io::Result<Vec<SocketAddr>> {
    match addr.wanted()? {
        Wanted::Known(all) => Ok(all),
        Wanted::Host(host, port) => {
            let found = lookup::find(ctx, host, place)?;
            Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
        }
    }
}

/// Calls `f` with each address until it returns one.
pub(super) fn first_of<R>(
    addresses: Vec<SocketAddr>,
    mut f: impl FnMut(SocketAddr) -> io::Result<R>,
) -> io::Result<R> {
    let mut last = None;
    for address in addresses {
        match f(address) {
            Ok(result) => return Ok(result),
            Err(error) => last = Some(error),
        }
    }
    Err(last
        .unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any addresses")))
}

macro_rules! known {
    ($($type:ty: $self:ident => $address:expr;)*) => {$(
        impl sealed::Wanted for $type {
            fn wanted(&self) -> io::Result<Wanted> {
                let $self = self;
                Ok(Wanted::Known(vec![$address]))
            }
        }
    )*};
}

known! {
    SocketAddr: this => *this;
    SocketAddrV4: this => SocketAddr::V4(*this);
    SocketAddrV6: this => SocketAddr::V6(*this);
    (IpAddr, u16): this => SocketAddr::new(this.0, this.1);
    (Ipv4Addr, u16): this => SocketAddr::new(this.0.into(), this.1);
    (Ipv6Addr, u16): this => SocketAddr::new(this.0.into(), this.1);
}

impl sealed::Wanted for [SocketAddr] {
    fn wanted(&self) -> io::Result<Wanted> {
        Ok(Wanted::Known(self.to_vec()))
    }
}

impl sealed::Wanted for (&str, u16) {
    fn wanted(&self) -> io::Result<Wanted> {
        let (host, port) = *self;
        Ok(match host.parse() {
            Ok(ip) => Wanted::Known(vec![SocketAddr::new(ip, port)]),
            Err(_) => Wanted::Host(host.to_owned(), port),
        })
    }
}

impl sealed::Wanted for (String, u16) {
    fn wanted(&self) -> io::Result<Wanted> {
        (&*self.0, self.1).wanted()
    }
}

impl sealed::Wanted for str {
    fn wanted(&self) -> io::Result<Wanted> {
        if let Ok(address) = self.parse() {
            return Ok(Wanted::Known(vec![address]));
        }
        let parts = self.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        let Some((host, port)) = parts else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an address is a host, `:` and a port"));
        };
        (host, port).wanted()
    }
}

impl sealed::Wanted for String {
    fn wanted(&self) -> io::Result<Wanted> {
        (**self).wanted()
    }
}

impl<A: sealed::Wanted + ?Sized> sealed::Wanted for &A {
    fn wanted(&self) -> io::Result<Wanted> {
        (**self).wanted()
    }
}
