//! Deadlines, timeouts and contexts.

use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use super::{connection, wait_until_waiting};
use crate::common::{MOMENT, watchdog};
use gochan::context::ContextError;
use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::runtime::WaitReason;

const LONG: Duration = Duration::from_secs(600);

fn read_error(stream: &TcpStream) -> io::Error {
    let mut stream = stream;
    stream.read(&mut [0; 8]).unwrap_err()
}

#[gochan::test]
fn io_03_a_wait_ends_at_the_deadline() {
    let (stream, _peer) = connection();
    let begin = Instant::now();
    stream.set_read_deadline(Some(begin + MOMENT)).unwrap();
    let error = read_error(&stream);
    assert!(begin.elapsed() >= MOMENT);
    assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::TimedOut, "i/o timeout"));
}

#[gochan::test]
fn io_03_a_deadline_in_the_past_fails_even_if_there_is_something_to_read() {
    let (mut stream, mut peer) = connection();
    peer.write_all(b"x").unwrap();
    stream.set_deadline(Some(Instant::now())).unwrap();
    assert_eq!(read_error(&stream).kind(), ErrorKind::TimedOut);
    assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::TimedOut);
    stream.set_deadline(None).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
}

#[gochan::test]
fn io_03_a_deadline_set_from_elsewhere_ends_a_wait() {
    let (stream, _peer) = connection();
    let waiting = go!([stream] { read_error(&stream).kind() });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    stream.set_read_deadline(Some(Instant::now())).unwrap();
    assert_eq!(waiting.join().unwrap(), ErrorKind::TimedOut);
}

#[gochan::test]
fn io_03_a_deadline_that_is_moved_away_does_not_end_the_wait() {
    let (mut stream, mut peer) = connection();
    stream.set_read_deadline(Some(Instant::now() + 4 * MOMENT)).unwrap();
    let deadlines = stream.try_clone().unwrap();
    let waiting = go!({ stream.read(&mut [0; 8]) });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    deadlines.set_read_deadline(Some(Instant::now() + LONG)).unwrap();
    gochan::time::sleep(8 * MOMENT);
    peer.write_all(b"late").unwrap();
    // The machine may have been so busy that the first deadline came first.
    assert!(waiting.join().unwrap().is_ok_and(|read| read == 4));
}

#[gochan::test]
fn io_03_the_deadline_of_one_direction_leaves_the_other_alone() {
    let (mut stream, mut peer) = connection();
    stream.set_read_deadline(Some(Instant::now())).unwrap();
    stream.write_all(b"out").unwrap();
    stream.set_read_deadline(None).unwrap();
    stream.set_write_deadline(Some(Instant::now())).unwrap();
    peer.write_all(b"in").unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 2);
}

#[gochan::test]
fn io_03_a_write_without_room_ends_at_the_deadline() {
    let (mut stream, _peer) = connection();
    stream.set_write_deadline(Some(Instant::now() + 10 * MOMENT)).unwrap();
    let error = loop {
        if let Err(error) = stream.write_all(&[0; 1 << 16]) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[gochan::test]
fn io_03_accepting_has_deadlines_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_read_deadline(Some(Instant::now() + MOMENT)).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::TimedOut);
    listener.set_deadline(None).unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = go!({ listener.accept().unwrap().1 });
    wait_until_waiting(accepting.id(), WaitReason::NetAccept);
    let stream = TcpStream::connect(address).unwrap();
    assert_eq!(accepting.join().unwrap(), stream.local_addr().unwrap());
}

#[gochan::test]
fn io_03_a_timeout_holds_for_each_operation() {
    let (mut stream, mut peer) = connection();
    assert_eq!(stream.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
    stream.set_read_timeout(Some(MOMENT)).unwrap();
    assert_eq!(stream.read_timeout().unwrap(), Some(MOMENT));
    for _ in 0..2 {
        assert_eq!(read_error(&stream).kind(), ErrorKind::TimedOut);
    }
    peer.write_all(b"x").unwrap();
    stream.set_read_timeout(None).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
}

#[test]
fn io_03_threads_have_deadlines_too() {
    let _watchdog = watchdog();
    let (stream, _peer) = connection();
    stream.set_read_deadline(Some(Instant::now() + MOMENT)).unwrap();
    assert_eq!(read_error(&stream).kind(), ErrorKind::TimedOut);
    stream.set_read_deadline(None).unwrap();
    let waiting = thread::spawn({
        let stream = stream.try_clone().unwrap();
        move || read_error(&stream).kind()
    });
    thread::sleep(MOMENT);
    stream.set_read_deadline(Some(Instant::now())).unwrap();
    assert_eq!(waiting.join().unwrap(), ErrorKind::TimedOut);
}

#[gochan::test]
fn io_05_a_guard_ends_waits_with_its_context() {
    let (mut stream, mut peer) = connection();
    let (ctx, cancel) = background().with_cancel();
    let waiting = go!([stream] {
        let _until = stream.until(&ctx);
        read_error(&stream)
    });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    cancel.cancel();
    let error = waiting.join().unwrap();
    assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::Other, "context canceled"));
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    assert_eq!(inner, Some(&ContextError::Canceled));
    peer.write_all(b"after").unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 5, "the guard has gone");
}

#[gochan::test]
fn io_05_a_guard_of_a_context_that_has_ended_ends_every_operation() {
    let (mut stream, mut peer) = connection();
    peer.write_all(b"x").unwrap();
    let (ctx, _cancel) = background().with_timeout(Duration::ZERO);
    ctx.done().recv();
    let until = stream.until(&ctx);
    let error = read_error(&stream);
    assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::TimedOut, "context deadline exceeded"));
    drop(until);
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
}

#[gochan::test]
fn io_05_a_context_ends_one_accept_and_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (ctx, cancel) = background().with_cancel();
    let cancelled = go!([listener, ctx] { listener.accept_ctx(&ctx).unwrap_err().to_string() });
    wait_until_waiting(cancelled.id(), WaitReason::NetAccept);
    let other = go!({ listener.accept().is_ok() });
    wait_until_waiting(other.id(), WaitReason::NetAccept);
    cancel.cancel();
    assert_eq!(cancelled.join().unwrap(), "context canceled");
    let _stream = TcpStream::connect(address).unwrap();
    assert!(other.join().unwrap());
}

#[gochan::test]
fn io_05_a_context_ends_a_connect() {
    // Nobody accepts, and the backlog of the smallest size is full after some connections.
    let socket = full_listener();
    let address = socket.local_addr().unwrap();
    let mut fillers = Vec::new();
    let (ctx, _cancel) = background().with_timeout(40 * MOMENT);
    let error = loop {
        match TcpStream::connect_ctx(&ctx, address) {
            Ok(stream) => fillers.push(stream),
            Err(error) => break error,
        }
    };
    assert_eq!(error.to_string(), "context deadline exceeded", "{error:?}");
    let error = TcpStream::connect_timeout(&address, 4 * MOMENT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

fn full_listener() -> std::net::TcpListener {
    use std::os::fd::AsRawFd;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    // SAFETY: a call on an open descriptor.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    listener
}
