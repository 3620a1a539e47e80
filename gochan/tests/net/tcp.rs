//! TCP: what is read is what was written, in every way of reading and writing.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{self, Shutdown};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use super::{connection, wait_until_waiting};
use crate::common::{until, watchdog};
use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::runtime::WaitReason;

#[gochan::test]
fn io_01_an_echo_server_serves_many_connections_at_once() {
    const CONNECTIONS: usize = 50;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wg = WaitGroup::new();
    let serving = go!([wg] {
        for _ in 0..CONNECTIONS {
            let (mut stream, _) = listener.accept().unwrap();
            wg.go(move || {
                let mut buf = [0; 256];
                loop {
                    match stream.read(&mut buf).unwrap() {
                        0 => break,
                        read => stream.write_all(&buf[..read]).unwrap(),
                    }
                }
            });
        }
    });
    let streams: Vec<_> = (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
    for (number, mut stream) in streams.into_iter().enumerate() {
        wg.go(move || {
            for round in 0..20_u32 {
                let said = format!("{number} in round {round}").into_bytes();
                stream.write_all(&said).unwrap();
                let mut heard = vec![0; said.len()];
                stream.read_exact(&mut heard).unwrap();
                assert_eq!(heard, said);
            }
        });
    }
    serving.join().unwrap();
    wg.wait();
}

#[gochan::test]
fn io_01_a_waiting_goroutine_leaves_its_worker_to_others() {
    let (mut stream, mut peer) = connection();
    let reading = go!({
        let mut byte = [0];
        peer.read_exact(&mut byte).unwrap();
        byte[0]
    });
    wait_until_waiting(reading.id(), WaitReason::NetRead);
    let others: Vec<_> = (0..100_u8).map(|n| go!({ n })).collect();
    assert!(others.into_iter().map(|other| other.join().unwrap()).eq(0..100));
    stream.write_all(&[7]).unwrap();
    assert_eq!(reading.join().unwrap(), 7);
}

#[gochan::test]
fn io_09_much_data_goes_through_partial_reads_and_writes() {
    const SIZE: usize = 8 << 20;
    let (mut stream, mut peer) = connection();
    let byte = |at: usize| (at / 3) as u8;
    let writing = go!({
        let data: Vec<u8> = (0..SIZE).map(byte).collect();
        stream.write_all(&data).unwrap();
    });
    let mut data = Vec::new();
    peer.read_to_end(&mut data).unwrap();
    writing.join().unwrap();
    assert!(data.len() == SIZE && data.iter().enumerate().all(|(at, &found)| found == byte(at)));
}

#[gochan::test]
fn vectored_reads_and_writes_use_all_buffers() {
    let (mut stream, mut peer) = connection();
    let written = stream.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"cdef")]).unwrap();
    assert_eq!(written, 6);
    let (mut first, mut second) = ([0; 4], [0; 4]);
    let read = peer.read_vectored(&mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)]).unwrap();
    assert_eq!((read, &first, &second), (6, b"abcd", b"ef\0\0"));
}

#[gochan::test]
fn a_peek_leaves_what_it_reads() {
    let (mut stream, mut peer) = connection();
    let mut buf = [0; 8];
    let peeking = go!([stream] {
        let mut buf = [0; 8];
        stream.peek(&mut buf).unwrap()
    });
    wait_until_waiting(peeking.id(), WaitReason::NetRead);
    peer.write_all(b"there").unwrap();
    assert_eq!(peeking.join().unwrap(), 5);
    assert_eq!(stream.read(&mut buf).unwrap(), 5);
}

#[gochan::test]
fn io_09_the_end_that_comes_with_the_last_data_is_read() {
    for _ in 0..200 {
        let (mut stream, mut peer) = connection();
        let reading = go!({
            let mut data = Vec::new();
            peer.read_to_end(&mut data).unwrap();
            data.len()
        });
        stream.write_all(b"data").unwrap();
        drop(stream);
        assert_eq!(reading.join().unwrap(), 4);
    }
}

#[gochan::test]
fn io_09_a_half_closed_connection_still_answers() {
    let (stream, mut peer) = connection();
    let answering = go!({
        let mut asked = String::new();
        peer.read_to_string(&mut asked).unwrap();
        peer.write_all(asked.to_uppercase().as_bytes()).unwrap();
    });
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(b"question").unwrap();
    drop(writer);
    let mut answer = String::new();
    reader.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "QUESTION");
    answering.join().unwrap();
}

#[gochan::test]
fn io_06_one_goroutine_reads_while_another_writes() {
    let (stream, peer) = connection();
    let (stream, peer) = (Arc::new(stream), Arc::new(peer));
    let wg = WaitGroup::new();
    for end in [stream, peer] {
        let other = end.clone();
        wg.go(move || (0..1000_u32).for_each(|n| (&*other).write_all(&n.to_le_bytes()).unwrap()));
        wg.go(move || {
            for n in 0..1000_u32 {
                let mut bytes = [0; 4];
                (&*end).read_exact(&mut bytes).unwrap();
                assert_eq!(u32::from_le_bytes(bytes), n);
            }
        });
    }
    wg.wait();
}

#[gochan::test]
fn io_06_several_readers_get_all_that_is_there() {
    let (mut stream, peer) = connection();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let mut peer = peer.try_clone().unwrap();
            go!({
                let (mut count, mut byte) = (0, [0]);
                while peer.read(&mut byte).unwrap() > 0 {
                    count += 1;
                }
                count
            })
        })
        .collect();
    wait_until_waiting(readers[3].id(), WaitReason::NetRead);
    stream.write_all(&[0; 1000]).unwrap();
    drop(stream);
    let counts: Vec<i32> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
    assert_eq!(counts.iter().sum::<i32>(), 1000, "{counts:?}");
}

#[test]
fn io_02_plain_threads_use_both_ends() {
    let _watchdog = watchdog();
    let (mut stream, mut peer) = connection();
    let reading = thread::spawn(move || {
        let mut text = String::new();
        peer.read_to_string(&mut text).unwrap();
        text
    });
    thread::sleep(Duration::from_millis(2));
    stream.write_all(b"from thread to thread").unwrap();
    drop(stream);
    assert_eq!(reading.join().unwrap(), "from thread to thread");
}

#[test]
fn io_02_a_thread_and_a_goroutine_share_a_stream() {
    let _watchdog = watchdog();
    let (stream, peer) = connection();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = stream;
    let echoing = go!({
        let (mut reader, mut writer) = (peer.try_clone().unwrap(), peer);
        io::copy(&mut reader, &mut writer).unwrap()
    });
    let reading = go!({
        let mut bytes = [0; 400];
        reader.read_exact(&mut bytes).unwrap();
        reader
    });
    (0..100).for_each(|_| writer.write_all(b"four").unwrap());
    let mut reader = reading.join().unwrap();
    writer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
    assert_eq!(echoing.join().unwrap(), 400);
}

#[gochan::test]
fn io_02_streams_come_from_std_and_go_back() {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connecting = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let listener = TcpListener::from(listener);
    let (mut accepted, _) = listener.accept().unwrap();
    let mut stream = TcpStream::from(connecting);
    let reading = go!({
        let mut word = [0; 4];
        stream.read_exact(&mut word).unwrap();
        (stream, word)
    });
    wait_until_waiting(reading.id(), WaitReason::NetRead);
    accepted.write_all(b"word").unwrap();
    let (stream, word) = reading.join().unwrap();
    assert_eq!(&word, b"word");
    let mut back = net::TcpStream::from(stream);
    accepted.write_all(b"more").unwrap();
    let mut word = [0; 4];
    back.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"more");
}

#[gochan::test]
fn io_02_what_is_duplicated_for_std_is_another_descriptor() {
    let (stream, _peer) = connection();
    let other = stream.try_clone().unwrap();
    let number = stream.as_raw_fd();
    let duplicate = net::TcpStream::from(stream);
    assert_ne!(duplicate.as_fd().as_raw_fd(), number);
    assert_eq!(other.as_raw_fd(), number);
}

#[gochan::test]
fn options_are_those_of_the_socket() {
    let (stream, peer) = connection();
    stream.set_nodelay(true).unwrap();
    stream.set_ttl(17).unwrap();
    assert!(stream.nodelay().unwrap() && !peer.nodelay().unwrap());
    assert_eq!(stream.try_clone().unwrap().ttl().unwrap(), 17);
    assert_eq!(stream.peer_addr().unwrap(), peer.local_addr().unwrap());
    assert!(stream.take_error().unwrap().is_none());
    assert!(format!("{stream:?}").contains("127.0.0.1"));
}

#[gochan::test]
fn io_02_a_non_blocking_stream_does_not_wait() {
    let (mut stream, mut peer) = connection();
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    peer.write_all(b"x").unwrap();
    until(|| stream.read(&mut [0; 8]).is_ok_and(|read| read == 1));
    assert_eq!(stream.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    peer.write_all(b"y").unwrap();
    until(|| stream.read(&mut [0; 8]).is_ok_and(|read| read == 1));
    stream.set_nonblocking(false).unwrap();
    drop(peer);
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
}

#[gochan::test]
fn a_refused_connection_is_an_error() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    let error = TcpStream::connect_timeout(&address, Duration::from_secs(30)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[gochan::test]
fn names_are_looked_up_for_connect_and_bind() {
    let listener = TcpListener::bind("localhost:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let stream = TcpStream::connect(("localhost", port)).unwrap();
    assert_eq!(stream.peer_addr().unwrap().port(), port);
    let ips = gochan::net::lookup("localhost").unwrap();
    assert!(ips.iter().all(net::IpAddr::is_loopback), "{ips:?}");
    assert_eq!(TcpStream::connect("nonsense").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    let (ctx, cancel) = background().with_cancel();
    cancel.cancel();
    assert_eq!(gochan::net::lookup_ctx(&ctx, "localhost").unwrap_err().to_string(), "context canceled");
}

#[gochan::test]
fn listeners_share_a_port_if_they_ask_for_it() {
    for host in ["127.0.0.1", "::1"] {
        let Ok(first) = TcpListener::bind_reuse_port((host, 0)) else {
            assert_eq!(host, "::1", "there may be no IPv6 here");
            continue;
        };
        let address = first.local_addr().unwrap();
        assert_eq!(address.ip().to_string(), host);
        let second = TcpListener::bind_reuse_port(address).unwrap();
        assert_eq!(TcpListener::bind(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let accepted = Arc::new(AtomicUsize::new(0));
        let accepting = [first, second].map(|listener| {
            let handle = listener.clone();
            let serving = go!([accepted] {
                listener.incoming().take_while(Result::is_ok).for_each(|_| {
                    accepted.fetch_add(1, SeqCst);
                });
            });
            (handle, serving)
        });
        // The system chooses; each connection arrives at one of them.
        let streams: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
        until(|| accepted.load(SeqCst) == streams.len());
        for (listener, serving) in accepting {
            listener.close().unwrap();
            serving.join().unwrap();
        }
    }
}

#[gochan::test]
fn io_09_a_reset_is_an_error_of_the_reader_that_waits() {
    let (mut stream, peer) = connection();
    stream.write_all(b"never read").unwrap();
    peer.peek(&mut [0; 1]).unwrap();
    let waiting = go!({ stream.read(&mut [0; 1]).unwrap_err().kind() });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    // Closed with data unread, it is reset.
    drop(peer);
    assert_eq!(waiting.join().unwrap(), io::ErrorKind::ConnectionReset);
}

#[gochan::test]
fn io_07_turns_longer_than_a_look_do_not_keep_sockets_waiting() {
    // A channel that is always ready, and a socket beside it.
    let (mut stream, mut peer) = connection();
    let (stop, ch) = (chan!(()), chan!(u32));
    for _ in 0..2 {
        go!([stop, ch] {
            loop {
                select! {
                    ch <- 1 => {}
                    <-ch => {}
                    <-stop => break,
                }
            }
        });
    }
    let echoing = go!({ io::copy(&mut peer.try_clone().unwrap(), &mut peer).unwrap() });
    for _ in 0..100 {
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
    }
    close!(stop);
    drop(stream);
    assert_eq!(echoing.join().unwrap(), 100);
}
