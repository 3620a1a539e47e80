//! What a descriptor is, in words.

/// The addresses of a socket. `None` if it is none, or has been closed.
#[cfg(unix)]
pub(super) fn addresses(descriptor: i32) -> Option<String> {
    use std::mem::ManuallyDrop;
    use std::net::TcpStream;
    use std::os::fd::FromRawFd;
    use std::os::unix::net::{SocketAddr, UnixStream};

    // SAFETY: questions to the system, which answers them for any number. Nothing is read, written or closed; if the number
    // has become another descriptor's, that one is named.
    let (ip, unix) = unsafe {
        let ip = ManuallyDrop::new(TcpStream::from_raw_fd(descriptor));
        (ip, ManuallyDrop::new(UnixStream::from_raw_fd(descriptor)))
    };
    let (local, peer) = match ip.local_addr() {
        Ok(local) => (local.to_string(), ip.peer_addr().ok().map(|peer| peer.to_string())),
        Err(_) => {
            let path = |address: SocketAddr| address.as_pathname().map(|path| path.display().to_string());
            (unix.local_addr().ok().and_then(path)?, unix.peer_addr().ok().and_then(path))
        }
    };
    Some(match peer {
        Some(peer) => format!("{local} with {peer}"),
        None => local,
    })
}

#[cfg(not(unix))]
pub(super) fn addresses(_: i32) -> Option<String> {
    None
}
