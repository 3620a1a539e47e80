//! A context that is cancelled at each wait of a request, and what has been written by then.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;

use super::{connection, wait_until_waiting};
use gochan::Context;
use gochan::context::ContextError;
use gochan::net::{TcpListener, UdpSocket, UnixListener, UnixStream, pipe};
use gochan::prelude::*;
use gochan::runtime::WaitReason;

/// Cancels while `operation` waits for `reason`, and expects that error.
#[track_caller]
fn cancelled(reason: WaitReason, operation: impl FnOnce(&Context) -> io::Result<()> + Send + 'static) {
    let (ctx, cancel) = background().with_cancel();
    let waiting = go!({ operation(&ctx) });
    wait_until_waiting(waiting.id(), reason);
    cancel.cancel();
    let error = waiting.join().unwrap().unwrap_err();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    assert_eq!(inner, Some(&ContextError::Canceled), "{error:?}");
}

#[gochan::test]
fn io_05_each_wait_of_a_request_ends_with_its_context() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    cancelled(WaitReason::NetAccept, {
        let listener = listener.clone();
        move |ctx| listener.accept_ctx(ctx).map(drop)
    });
    let (mut stream, peer) = connection();
    cancelled(WaitReason::NetRead, {
        let mut stream = stream.clone();
        move |ctx| {
            let _until = stream.until(ctx);
            stream.read(&mut [0; 8]).map(drop)
        }
    });
    cancelled(WaitReason::NetRead, {
        let stream = stream.clone();
        move |ctx| {
            let _until = stream.until(ctx);
            stream.peek(&mut [0; 8]).map(drop)
        }
    });
    cancelled(WaitReason::NetWrite, move |ctx| {
        let _until = stream.until(ctx);
        loop {
            stream.write_all(&[0; 1 << 16])?;
        }
    });
    drop(peer);
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    cancelled(WaitReason::NetRead, move |ctx| {
        let _until = udp.until(ctx);
        udp.recv_from(&mut [0; 8]).map(drop)
    });
    let (mut one, _other) = pipe();
    cancelled(WaitReason::NetRead, move |ctx| {
        let _until = one.until(ctx);
        one.read(&mut [0; 8]).map(drop)
    });
}

#[gochan::test]
fn io_05_a_connect_that_waits_ends_with_its_context() {
    let path = std::env::temp_dir().join(format!("gochan-net-connect-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let std_listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // SAFETY: a call on an open descriptor.
    assert_eq!(unsafe { libc::listen(std_listener.as_raw_fd(), 0) }, 0);
    let listener = UnixListener::from(std_listener);
    let _first = UnixStream::connect(&path).unwrap();
    cancelled(WaitReason::NetConnect, {
        let path = path.clone();
        move |ctx| UnixStream::connect_ctx(ctx, &path).map(drop)
    });
    drop(listener);
    std::fs::remove_file(&path).unwrap();
}

#[gochan::test]
fn io_05_what_was_written_before_the_end_is_known_and_arrives() {
    let (mut stream, mut peer) = connection();
    let (ctx, cancel) = background().with_cancel();
    let writing = go!({
        let _until = stream.until(&ctx);
        let mut written = 0;
        let error = loop {
            match stream.write(&[7; 10_000]) {
                Ok(part) => written += part,
                Err(error) => break error,
            }
        };
        (written, error.to_string())
    });
    wait_until_waiting(writing.id(), WaitReason::NetWrite);
    cancel.cancel();
    let (written, error) = writing.join().unwrap();
    assert_eq!(error, "context canceled");
    let mut all = Vec::new();
    peer.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), written);
}
