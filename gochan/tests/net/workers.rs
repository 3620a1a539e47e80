//! What sockets cost workers, and what each worker gets of them.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use super::{connection, wait_until_waiting};
use crate::common::process::scenarios;
use crate::common::{seeded, until};
use gochan::Placement;
use gochan::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use gochan::prelude::*;
use gochan::runtime::{WaitReason, num_goroutine};

scenarios!(a_server_with_idle_connections, each_kind_of_wait_on_one_worker, a_balanced_server);

fn echo(mut stream: TcpStream) {
    let mut buf = [0; 64];
    while let Ok(read) = stream.read(&mut buf)
        && read > 0
    {
        stream.write_all(&buf[..read]).unwrap();
    }
}

/// Most of the descriptors that a process has by default.
const IDLE: usize = 400;

#[gochan::main]
fn a_server_with_idle_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    go!([listener] {
        while let Ok((stream, _)) = listener.accept() {
            go!(echo(stream));
        }
    });
    let idle: usize = std::env::var("IDLE").map_or(IDLE, |idle| idle.parse().unwrap());
    let mut streams: Vec<_> = (0..idle).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut busy = TcpStream::connect(address).unwrap();
    for _ in 0..200 {
        busy.write_all(b"ping").unwrap();
        busy.read_exact(&mut [0; 4]).unwrap();
    }
    for stream in &mut streams {
        stream.write_all(b"now").unwrap();
        stream.read_exact(&mut [0; 3]).unwrap();
    }
    println!("{}", streams.len());
}

#[test]
fn io_01_one_worker_serves_many_idle_connections_and_a_busy_one() {
    let outcome = scenario("a_server_with_idle_connections").workers(1).run();
    outcome.prints(&format!("{IDLE}\n"));
}

/// Needs `ulimit -n` above 19,000.
#[test]
#[ignore = "takes 20,000 descriptors; cargo test -p gochan --test net -- --ignored 9000"]
fn io_01_one_worker_serves_9000_idle_connections() {
    let outcome = scenario("a_server_with_idle_connections").env("IDLE", "9000").workers(1).run();
    outcome.prints("9000\n");
}

#[gochan::main]
fn each_kind_of_wait_on_one_worker() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (reader, _peer) = connection();
    let (writer, _full) = connection();
    let path = std::env::temp_dir().join(format!("gochan-net-kinds-{}", std::process::id()));
    let std_listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // SAFETY: a call on an open descriptor.
    assert_eq!(unsafe { libc::listen(std::os::fd::AsRawFd::as_raw_fd(&std_listener), 0) }, 0);
    let full = UnixListener::from(std_listener);
    let _first = UnixStream::connect(&path).unwrap();

    let waits = [
        (go!([listener] { listener.accept().is_err() }).id(), WaitReason::NetAccept),
        (go!([udp] { udp.recv_from(&mut [0; 8]).is_err() }).id(), WaitReason::NetRead),
        (go!([mut reader] { reader.read(&mut [0; 8]).is_err() }).id(), WaitReason::NetRead),
        (go!([mut writer] { writer.write_all(&[0; 100 << 20]).is_err() }).id(), WaitReason::NetWrite),
        (go!([path] { UnixStream::connect(&path).is_err() }).id(), WaitReason::NetConnect),
    ];
    for (id, reason) in waits {
        wait_until_waiting(id, reason);
    }
    let sum: u32 = (0..100).map(|n| go!({ n }).join().unwrap()).sum();
    println!("{sum}");
    writer.close().unwrap();
    drop(full);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn io_01_no_kind_of_wait_holds_the_worker() {
    scenario("each_kind_of_wait_on_one_worker").workers(1).run().prints("4950\n");
}

#[gochan::test]
fn io_06_a_reader_and_a_writer_on_two_workers() {
    let (stream, peer) = connection();
    let mut goroutines = Vec::new();
    for (number, end) in [stream, peer].into_iter().enumerate() {
        let (mut reader, mut writer) = end.into_split();
        let on = |worker| gochan::Builder::new().placement(Placement::Worker(worker));
        let reading = on(number).spawn(move || {
            for n in 0..2000_u32 {
                let mut bytes = [0; 4];
                reader.read_exact(&mut bytes).unwrap();
                assert_eq!(u32::from_le_bytes(bytes), n);
            }
            assert_eq!(reader.read(&mut [0]).unwrap(), 0);
        });
        let writing = on(number + 1).spawn(move || {
            (0..2000_u32).for_each(|n| writer.write_all(&n.to_le_bytes()).unwrap());
            drop(writer);
        });
        goroutines.extend([reading, writing]);
    }
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
}

#[gochan::test]
fn io_07_a_fast_peer_starves_neither_channels_nor_other_sockets() {
    let (fast, fast_peer) = connection();
    let (mut slow, slow_peer) = connection();
    let stop = Arc::new(AtomicBool::new(false));
    // From a plain thread, which needs no worker to keep the socket full.
    let flood = thread::spawn({
        let (mut peer, stop) = (net::TcpStream::from(fast_peer), stop.clone());
        move || loop {
            peer.write_all(&[0; 4096]).unwrap();
            if stop.load(Relaxed) {
                break;
            }
        }
    });
    let draining = go!({
        let (mut fast, mut read) = (fast, 0);
        while let Ok(1..) = fast.read(&mut [0; 512]) {
            read += 1;
        }
        read
    });
    let echoing = go!(echo(slow_peer));
    let (ping, pong) = (chan!(u32), chan!(u32));
    go!([ping, pong] {
        while let Some(n) = ping.recv() {
            pong.send(n).unwrap();
        }
    });
    for n in 0..200 {
        send!(ping <- n);
        assert_eq!(recv!(pong), n);
        slow.write_all(b"x").unwrap();
        slow.read_exact(&mut [0]).unwrap();
    }
    close!(ping);
    stop.store(true, Relaxed);
    gochan::blocking(move || flood.join().unwrap());
    drop(slow);
    echoing.join().unwrap();
    assert!(draining.join().unwrap() > 0);
}

/// Requests that each worker, which is a thread, has answered.
type Shares = Arc<Mutex<HashMap<ThreadId, Arc<AtomicU64>>>>;

/// As plain as a server can be: an acceptor, and a goroutine for each connection.
fn serve(listener: &TcpListener, shares: &Shares) {
    while let Ok((mut stream, _)) = listener.accept() {
        let shares = shares.clone();
        go!({
            let answered = shares.lock().unwrap().entry(thread::current().id()).or_default().clone();
            let mut buf = [0; 64];
            while let Ok(read) = stream.read(&mut buf)
                && read > 0
            {
                answered.fetch_add(1, Relaxed);
                let _ = stream.write_all(&buf[..read]);
            }
        });
    }
}

/// Asks once over each of the connections.
fn ask_all(streams: &mut [net::TcpStream]) {
    for stream in &mut *streams {
        stream.write_all(b"ask").unwrap();
    }
    for stream in streams {
        stream.read_exact(&mut [0; 3]).unwrap();
    }
}

/// 100 connections of plain threads, then half of them replaced at random, time and again.
#[gochan::main]
fn a_balanced_server() {
    let shares = Shares::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    go!([listener, shares] serve(&listener, &shares));
    let clients = move || {
        let (mut streams, mut random) = (Vec::new(), seeded());
        for round in 0..6 {
            while streams.len() < 100 {
                streams.push(net::TcpStream::connect(address).unwrap());
            }
            // All are served now, wherever that is.
            ask_all(&mut streams);
            shares.lock().unwrap().values().for_each(|share| share.store(0, Relaxed));
            (0..20).for_each(|_| ask_all(&mut streams));
            let mut counts: Vec<u64> =
                shares.lock().unwrap().values().map(|share| share.load(Relaxed)).collect();
            counts.sort_unstable();
            println!("round {round}: {counts:?}");
            random.shuffle(&mut streams);
            streams.truncate(50);
            // Main, the acceptor, and those that serve what is left: the next ones find room where others were.
            until(|| num_goroutine() == 2 + 50);
        }
    };
    gochan::blocking(clients);
}

#[test]
fn io_08_each_worker_serves_its_share_of_the_connections() {
    let outcome = scenario("a_balanced_server").workers(2).backend("coroutines").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    for round in outcome.stdout.lines() {
        let counts = round.split_once(": [").unwrap().1.trim_end_matches(']');
        let counts: Vec<u64> = counts.split(", ").map(|count| count.parse().unwrap()).collect();
        let [fewer, more] = counts[..] else { panic!("not two workers: {outcome:#?}") };
        assert_eq!(fewer + more, 2000, "{outcome:#?}");
        assert!(fewer >= 900, "not within 10 %: {outcome:#?}");
    }
}
