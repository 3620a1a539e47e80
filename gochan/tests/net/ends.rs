//! Closes from elsewhere, and descriptors that are used again.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::Instant;

use super::{connection, wait_until_waiting};
use gochan::net::{Async, Closed, TcpListener};
use gochan::prelude::*;
use gochan::runtime::WaitReason;

#[gochan::test]
fn io_04_a_close_wakes_all_that_wait() {
    let (stream, _peer) = connection();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = stream.try_clone().unwrap();
            go!({ stream.read(&mut [0; 8]).unwrap_err() })
        })
        .collect();
    waiting.iter().for_each(|one| wait_until_waiting(one.id(), WaitReason::NetRead));
    stream.close().unwrap();
    for one in waiting {
        let error = one.join().unwrap();
        assert!(Closed::is(&error), "{error:?}");
        assert_eq!(error.to_string(), "use of closed network connection");
    }
}

#[gochan::test]
fn io_04_after_a_close_every_operation_fails() {
    let (mut stream, mut peer) = connection();
    stream.close().unwrap();
    let errors = [
        stream.read(&mut [0; 8]).unwrap_err(),
        stream.write(b"x").unwrap_err(),
        stream.close().unwrap_err(),
        stream.set_deadline(Some(Instant::now())).unwrap_err(),
        stream.set_nodelay(true).unwrap_err(),
        stream.peer_addr().unwrap_err(),
        stream.try_clone().unwrap_err(),
    ];
    assert!(errors.iter().all(Closed::is), "{errors:?}");
    assert_eq!((stream.as_raw_fd(), &*format!("{stream:?}")), (-1, "(closed)"));
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
}

#[gochan::test]
fn io_04_a_close_ends_accepting_and_the_loop_around_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let accepting = go!([listener] { listener.incoming().take_while(Result::is_ok).count() });
    wait_until_waiting(accepting.id(), WaitReason::NetAccept);
    listener.close().unwrap();
    assert_eq!(accepting.join().unwrap(), 0);
}

#[gochan::test]
fn io_04_the_peer_sees_the_close_once_the_last_operation_has_left() {
    let (stream, mut peer) = connection();
    let waiting = go!([mut stream] { stream.read(&mut [0; 8]).is_err() });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    stream.close().unwrap();
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    assert!(waiting.join().unwrap());
}

#[gochan::test]
fn io_04_a_lent_descriptor_is_not_closed_before_its_handle() {
    let (stream, mut peer) = connection();
    let lent = stream.as_fd();
    stream.close().unwrap();
    write_to(lent.as_raw_fd());
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 4);
    drop(stream);
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
}

fn write_to(fd: i32) {
    // SAFETY: the descriptor is open, and the pointer and the length are the text's.
    assert_eq!(unsafe { libc::write(fd, b"lent".as_ptr().cast(), 4) }, 4);
}

#[gochan::test]
fn io_04_a_descriptor_that_is_used_again_gets_no_event_of_the_last_one() {
    for _ in 0..100 {
        let (mut old, mut old_peer) = connection();
        let waiting = go!([mut old] { old.read(&mut [0; 1]) });
        wait_until_waiting(waiting.id(), WaitReason::NetRead);
        // An event is under way when the descriptor is closed and its number used again.
        old_peer.write_all(b"x").unwrap();
        old.close().unwrap();
        let _ = old.read(&mut [0; 1]);
        let _ = waiting.join().unwrap();
        let (mut new, mut new_peer) = connection();
        let waiting = go!({
            let mut byte = [0; 1];
            new.read_exact(&mut byte).map(|()| byte[0])
        });
        new_peer.write_all(b"y").unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), b'y');
    }
}

#[gochan::test]
fn io_03_close_deadline_and_data_race_without_a_lost_wake() {
    for round in 0..300_u32 {
        let (stream, mut peer) = connection();
        let (stream, wg) = (Arc::new(stream), WaitGroup::new());
        let reading = go!([stream] { (&*stream).read(&mut [0; 8]).map_err(|error| Closed::is(&error)) });
        if round % 3 == 0 {
            wait_until_waiting(reading.id(), WaitReason::NetRead);
        }
        let setter = stream.clone();
        wg.go(move || drop(setter.set_read_deadline(Some(Instant::now()))));
        if round % 2 == 0 {
            let closer = stream.clone();
            wg.go(move || closer.close().unwrap());
        }
        wg.go(move || drop(peer.write_all(b"data")));
        match reading.join().unwrap() {
            Ok(read) => assert!(read == 4 || read == 0, "{read}"),
            Err(closed) => assert!(!closed || round % 2 == 0, "closed by nobody"),
        }
        wg.wait();
    }
}

#[gochan::test]
fn any_descriptor_can_be_waited_for() {
    let (reader, writer) = io::pipe().unwrap();
    let (mut reader, mut writer) = (Async::new(reader).unwrap(), Async::new(writer).unwrap());
    let filling = go!({
        let mut written = 0;
        writer.set_write_deadline(Some(Instant::now() + std::time::Duration::from_secs(100))).unwrap();
        while written < 1 << 20 {
            written += writer.write(&[1; 5000]).unwrap();
        }
        written
    });
    let mut all = Vec::new();
    reader.readable().unwrap();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), filling.join().unwrap());
}

#[gochan::test]
fn readable_and_with_make_an_operation_of_ones_own() {
    let (reader, mut writer) = io::pipe().unwrap();
    let reader = Async::new(reader).unwrap();
    assert_eq!(reader.with(|mut io| io.read(&mut [0; 4])).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let reader = Arc::new(reader);
    let waiting = go!([reader] { reader.readable() });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    writer.write_all(b"ok").unwrap();
    waiting.join().unwrap().unwrap();
    assert_eq!(reader.with(|mut io| io.read(&mut [0; 4])).unwrap(), 2);
    reader.close().unwrap();
    assert!(Closed::is(&reader.readable().unwrap_err()));
}

#[gochan::test]
fn what_cannot_be_polled_says_so() {
    let directory = std::fs::File::open("/").unwrap();
    let directory = Async::new(directory).unwrap();
    // A directory is always readable, and epoll refuses it; either is an answer.
    let _ = directory.readable();
    assert!(directory.into_inner().is_ok());
}
