//! Pipes within the process, in real and virtual time and in explorations.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use super::wait_until_waiting;
use crate::common::watchdog;
use gochan::net::{Closed, pipe};
use gochan::prelude::*;
use gochan::runtime::WaitReason;

const HOUR: Duration = Duration::from_secs(3600);

#[gochan::test]
fn io_13_what_is_written_to_one_end_is_read_from_the_other() {
    let (mut one, mut other) = pipe();
    const SIZE: usize = 1 << 20;
    let echoing = go!({ std::io::copy(&mut other.clone(), &mut other).unwrap() });
    let (mut reader, mut writer) = one.clone().into_split();
    let writing = go!({
        let data: Vec<u8> = (0..SIZE).map(|at| at as u8).collect();
        writer.write_all(&data).unwrap();
    });
    let mut data = vec![0; SIZE];
    reader.read_exact(&mut data).unwrap();
    assert!(data.iter().enumerate().all(|(at, &byte)| byte == at as u8));
    writing.join().unwrap();
    assert_eq!((echoing.join().unwrap(), one.read(&mut [0]).unwrap()), (SIZE as u64, 0));
}

#[gochan::test]
fn io_13_the_ends_of_a_pipe_end_as_those_of_a_socket() {
    let (mut one, mut other) = pipe();
    one.write_all(b"last").unwrap();
    let waiting = go!([one] { (&one).read(&mut [0; 8]).unwrap_err() });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    one.close().unwrap();
    assert!(Closed::is(&waiting.join().unwrap()));
    assert!(Closed::is(&one.write(b"x").unwrap_err()) && Closed::is(&one.close().unwrap_err()));
    assert_eq!(other.peek(&mut [0; 8]).unwrap(), 4);
    assert_eq!((other.read(&mut [0; 8]).unwrap(), other.read(&mut [0; 8]).unwrap()), (4, 0));
    assert_eq!(other.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    let (mut one, mut other) = pipe();
    other.shutdown(Shutdown::Read).unwrap();
    assert_eq!(one.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    other.write_all(b"x").unwrap();
    assert_eq!((one.read(&mut [0; 8]).unwrap(), other.read(&mut [0; 8]).unwrap()), (1, 0));
}

#[gochan::test(virtual_time)]
fn io_13_deadlines_of_pipes_pass_in_virtual_time() {
    let (mut one, other) = pipe();
    let begin = gochan::time::now();
    one.set_read_deadline(Some(begin + HOUR)).unwrap();
    let error = one.read(&mut [0; 8]).unwrap_err();
    assert_eq!((error.kind(), gochan::time::now() - begin), (ErrorKind::TimedOut, HOUR));
    one.set_read_deadline(None).unwrap();
    let deadlines = one.clone();
    gochan::time::after_func(HOUR, move || deadlines.set_read_deadline(Some(gochan::time::now())).unwrap());
    assert_eq!(one.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(gochan::time::now() - begin, 2 * HOUR);
    one.set_write_timeout(Some(HOUR)).unwrap();
    assert_eq!(one.write_all(&[0; 100_000]).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(gochan::time::now() - begin, 3 * HOUR);
    drop(other);
}

#[gochan::test(virtual_time)]
fn io_13_contexts_end_the_waits_of_pipes() {
    let (mut one, mut other) = pipe();
    let (ctx, _cancel) = background().with_timeout(HOUR);
    let until = one.until(&ctx);
    assert_eq!(one.read(&mut [0; 8]).unwrap_err().to_string(), "context deadline exceeded");
    drop(until);
    other.write_all(b"x").unwrap();
    assert_eq!(one.read(&mut [0; 8]).unwrap(), 1);
}

#[gochan::test(explore = 200)]
fn io_13_a_conversation_over_a_pipe_in_any_order() {
    let (mut one, mut other) = pipe();
    let answering = go!({
        let mut word = [0; 2];
        other.read_exact(&mut word).unwrap();
        other.write_all(&[word[1], word[0]]).unwrap();
    });
    let closing = go!([mut one] {
        one.write_all(b"a").unwrap();
        one.write_all(b"b").unwrap();
    });
    let mut answer = Vec::new();
    one.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"ba");
    answering.join().unwrap();
    closing.join().unwrap();
}

#[gochan::test(explore = 200)]
fn io_13_a_close_a_deadline_and_data_race_over_a_pipe() {
    let (one, mut other) = pipe();
    let reading = go!([one] { (&one).read(&mut [0; 8]) });
    let deadline = go!([one] { drop(one.set_read_deadline(Some(gochan::time::now()))) });
    let closing = go!([one] { one.close().unwrap() });
    let _ = other.write(b"data");
    match reading.join().unwrap() {
        Ok(read) => assert!(read == 4),
        Err(error) => assert!(Closed::is(&error) || error.kind() == ErrorKind::TimedOut),
    }
    deadline.join().unwrap();
    closing.join().unwrap();
}

#[test]
fn io_13_threads_use_pipes_too() {
    let _watchdog = watchdog();
    let (mut one, mut other) = pipe();
    let reading = thread::spawn(move || std::io::read_to_string(&mut other).unwrap());
    one.write_all(b"between threads").unwrap();
    drop(one);
    assert_eq!(reading.join().unwrap(), "between threads");
    let (mut one, _other) = pipe();
    one.set_read_deadline(Some(Instant::now() + Duration::from_millis(5))).unwrap();
    assert_eq!(one.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
}
