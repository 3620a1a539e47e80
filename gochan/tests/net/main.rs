//! Sockets: std's behaviour, Go's deadlines, closes from elsewhere, and what is hard on them.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod contexts;
mod datagrams;
mod deadlines;
mod ends;
mod hardship;
mod pipes;
mod process;
mod tcp;
mod workers;

use gochan::net::{TcpListener, TcpStream};
use gochan::runtime::{self, State, WaitReason};

/// A connection: what has connected, and what was accepted.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, from) = listener.accept().unwrap();
    assert_eq!(connected.local_addr().unwrap(), from);
    (connected, accepted)
}

/// Returns when goroutine `id` waits for `reason`.
fn wait_until_waiting(id: u64, reason: WaitReason) {
    common::until(|| {
        runtime::goroutines().iter().any(|one| one.id == id && one.state == State::Waiting(reason))
    });
}
