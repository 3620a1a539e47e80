//! UDP, and the Unix domain.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net;
use std::time::Instant;

use super::wait_until_waiting;
use crate::common::MOMENT;
use gochan::net::{Closed, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use gochan::prelude::*;
use gochan::runtime::WaitReason;

fn udp_pair() -> (UdpSocket, UdpSocket) {
    let (one, other) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    one.connect(other.local_addr().unwrap()).unwrap();
    other.connect(one.local_addr().unwrap()).unwrap();
    (one, other)
}

#[gochan::test]
fn datagrams_arrive_one_by_one() {
    let (one, other) = udp_pair();
    let receiving = go!({
        let mut buf = [0; 100];
        let (length, from) = other.recv_from(&mut buf).unwrap();
        let next = other.recv(&mut buf).unwrap();
        (length, from, next, other)
    });
    wait_until_waiting(receiving.id(), WaitReason::NetRead);
    one.send(b"first").unwrap();
    one.send(b"2nd").unwrap();
    let (length, from, next, other) = receiving.join().unwrap();
    assert_eq!((length, from, next), (5, one.local_addr().unwrap(), 3));
    other.send_to(b"back", from).unwrap();
    assert_eq!((one.peek(&mut [0; 9]).unwrap(), one.peek_from(&mut [0; 9]).unwrap().0), (4, 4));
    assert_eq!(one.recv(&mut [0; 9]).unwrap(), 4);
}

#[gochan::test]
fn udp_has_deadlines_closes_and_contexts() {
    let (one, _other) = udp_pair();
    one.set_read_deadline(Some(Instant::now() + MOMENT)).unwrap();
    assert_eq!(one.recv(&mut [0; 9]).unwrap_err().kind(), ErrorKind::TimedOut);
    one.set_read_deadline(None).unwrap();
    let (ctx, cancel) = background().with_cancel();
    let cancelled = chan!(String);
    let waiting = go!([one, cancelled] {
        let until = one.until(&ctx);
        let error = one.recv(&mut [0; 9]).unwrap_err();
        drop(until);
        send!(cancelled <- error.to_string());
        one.recv(&mut [0; 9]).unwrap_err()
    });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    cancel.cancel();
    assert_eq!(recv!(cancelled), "context canceled");
    one.close().unwrap();
    let closed = waiting.join().unwrap();
    assert!(Closed::is(&closed), "{closed:?}");
}

#[gochan::test]
fn options_of_udp_are_those_of_the_socket() {
    let (one, other) = udp_pair();
    one.set_broadcast(true).unwrap();
    one.set_ttl(9).unwrap();
    assert!(one.broadcast().unwrap() && !other.broadcast().unwrap());
    assert_eq!((one.ttl().unwrap(), one.peer_addr().unwrap()), (9, other.local_addr().unwrap()));
}

#[gochan::test]
fn a_pair_of_unix_streams_talks() {
    let (mut one, mut other) = UnixStream::pair().unwrap();
    let echoing = go!({ io::copy(&mut other.clone(), &mut other).unwrap() });
    for word in ["a", "longer", "word"] {
        one.write_all(word.as_bytes()).unwrap();
        let mut heard = vec![0; word.len()];
        one.read_exact(&mut heard).unwrap();
        assert_eq!(heard, word.as_bytes());
    }
    one.shutdown(Shutdown::Write).unwrap();
    assert_eq!(echoing.join().unwrap(), 11);
}

#[gochan::test]
fn unix_listeners_accept() {
    let directory = std::env::temp_dir().join(format!("gochan-net-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("socket");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let serving = go!([listener] {
        let mut served = 0;
        while let Ok((mut stream, _)) = listener.accept() {
            stream.write_all(b"hello").unwrap();
            served += 1;
        }
        served
    });
    for _ in 0..10 {
        let stream = UnixStream::connect(&path).unwrap();
        assert_eq!(io::read_to_string(stream).unwrap(), "hello");
    }
    wait_until_waiting(serving.id(), WaitReason::NetAccept);
    listener.close().unwrap();
    assert_eq!(serving.join().unwrap(), 10);
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
}

#[gochan::test]
fn a_connect_waits_for_room_in_the_queue() {
    let path = std::env::temp_dir().join(format!("gochan-net-full-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let std_listener = net::UnixListener::bind(&path).unwrap();
    // SAFETY: a call on an open descriptor.
    assert_eq!(unsafe { libc::listen(std::os::fd::AsRawFd::as_raw_fd(&std_listener), 0) }, 0);
    let listener = UnixListener::from(std_listener);
    let first = UnixStream::connect(&path).unwrap();
    let (ctx, _cancel) = background().with_timeout(2 * MOMENT);
    let error = UnixStream::connect_ctx(&ctx, &path).unwrap_err();
    assert_eq!(error.to_string(), "context deadline exceeded", "{error:?}");
    let connecting = go!([path] { UnixStream::connect(&path).is_ok() });
    wait_until_waiting(connecting.id(), WaitReason::NetConnect);
    listener.accept().unwrap();
    assert!(connecting.join().unwrap());
    drop(first);
    std::fs::remove_file(&path).unwrap();
}

#[gochan::test]
fn unix_datagrams_arrive_one_by_one() {
    let (one, other) = UnixDatagram::pair().unwrap();
    let receiving = go!({ (other.recv(&mut [0; 100]).unwrap(), other.recv_from(&mut [0; 100]).unwrap().0) });
    wait_until_waiting(receiving.id(), WaitReason::NetRead);
    one.send(b"one").unwrap();
    one.send(b"three").unwrap();
    assert_eq!(receiving.join().unwrap(), (3, 5));
}
