//! What peers, the system and programs do to sockets: resets, half-closes, bytes that come one by one, signals,
//! descriptors that run out.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{self, Shutdown, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use super::{connection, wait_until_waiting};
use crate::common::process::scenarios;
use crate::common::{seeded, until};
use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::runtime::{WaitReason, num_goroutine};

scenarios!(connections_at_random, conversations_under_signals);

/// Closes with a reset.
fn reset(stream: TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let size = size_of::<libc::linger>() as libc::socklen_t;
    let fd = stream.as_raw_fd();
    // SAFETY: the structure and its size are as the option asks for.
    let set =
        unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_LINGER, (&raw const linger).cast(), size) };
    assert_eq!(set, 0);
}

#[gochan::test]
fn io_09_a_reset_ends_a_reader_and_a_writer_that_wait() {
    let (stream, peer) = connection();
    let reading = go!([mut stream] { stream.read(&mut [0; 8]).map_err(|error| error.kind()) });
    let writing = go!([mut stream] { stream.write_all(&[0; 100 << 20]).unwrap_err().kind() });
    wait_until_waiting(reading.id(), WaitReason::NetRead);
    wait_until_waiting(writing.id(), WaitReason::NetWrite);
    reset(peer);
    // One of the two is told of the reset, and the other that there is no connection left.
    match (reading.join().unwrap(), writing.join().unwrap()) {
        (Err(ErrorKind::ConnectionReset), ErrorKind::BrokenPipe) | (Ok(0), ErrorKind::ConnectionReset) => {}
        outcomes => panic!("{outcomes:?}"),
    }
}

#[gochan::test]
fn io_09_a_reset_in_the_queue_of_a_listener_harms_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for _ in 0..10 {
        reset(TcpStream::connect(address).unwrap());
    }
    let mut last = TcpStream::connect(address).unwrap();
    last.write_all(b"last").unwrap();
    // Linux gives out what has been reset, other systems leave it out.
    let heard = loop {
        let (mut stream, _) = listener.accept().unwrap();
        let mut word = [0; 4];
        if stream.read_exact(&mut word).is_ok() {
            break word;
        }
    };
    assert_eq!(&heard, b"last");
}

#[gochan::test]
fn io_09_half_closes_in_either_order() {
    let (mut stream, mut peer) = connection();
    let reading = go!([mut peer] { io::read_to_string(&mut peer).unwrap() });
    wait_until_waiting(reading.id(), WaitReason::NetRead);
    stream.write_all(b"the last word").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(reading.join().unwrap(), "the last word");
    assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    peer.write_all(b"an answer").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(io::read_to_string(&mut stream).unwrap(), "an answer");
    // The reader of this end is told of its own shutdown.
    let (stream, _peer) = connection();
    let waiting = go!([mut stream] { stream.read(&mut [0; 8]).unwrap() });
    wait_until_waiting(waiting.id(), WaitReason::NetRead);
    stream.shutdown(Shutdown::Read).unwrap();
    assert_eq!(waiting.join().unwrap(), 0);
}

#[gochan::test]
fn io_09_a_partial_write_says_how_much_was_written() {
    let (mut stream, mut peer) = connection();
    let data: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let (mut written, mut parts) = (0, 0);
    stream.set_nonblocking(true).unwrap();
    let reading = go!({
        let mut all = Vec::new();
        peer.read_to_end(&mut all).unwrap();
        all
    });
    while written < data.len() {
        match stream.write(&data[written..]) {
            Ok(part) => (written, parts) = (written + part, parts + 1),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                stream.set_nonblocking(false).unwrap();
                written += stream.write(&data[written..]).unwrap();
                stream.set_nonblocking(true).unwrap();
            }
        }
    }
    drop(stream);
    assert!(parts > 0 && reading.join().unwrap() == data);
}

/// Reads a line, all of it before the deadline.
fn read_line(stream: &mut TcpStream, deadline: Instant) -> io::Result<String> {
    stream.set_read_deadline(Some(deadline))?;
    let (mut line, mut byte) = (Vec::new(), [0]);
    loop {
        stream.read_exact(&mut byte)?;
        if byte[0] == b'\n' {
            return Ok(String::from_utf8_lossy(&line).into_owned());
        }
        line.push(byte[0]);
    }
}

#[gochan::test]
fn io_09_a_deadline_cuts_off_what_comes_byte_by_byte() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (cut, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let serving = go!([listener, cut, answered] {
        let wg = WaitGroup::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let (cut, answered) = (cut.clone(), answered.clone());
            wg.go(move || match read_line(&mut stream, Instant::now() + Duration::from_millis(150)) {
                Ok(line) => {
                    answered.fetch_add(1, SeqCst);
                    stream.write_all(line.as_bytes()).unwrap();
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                    cut.fetch_add(1, SeqCst);
                }
            });
        }
        wg.wait();
    });
    let slow: Vec<_> = (0..10)
        .map(|_| {
            go!({
                let mut stream = TcpStream::connect(address).unwrap();
                // Each byte comes early enough for a timeout of each read, and the line never ends.
                while stream.write_all(b"a").is_ok() {
                    gochan::time::sleep(Duration::from_millis(5));
                }
            })
        })
        .collect();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"quick\n").unwrap();
        assert_eq!(io::read_to_string(stream).unwrap(), "quick");
    }
    slow.into_iter().for_each(|client| client.join().unwrap());
    listener.close().unwrap();
    serving.join().unwrap();
    assert_eq!((cut.load(SeqCst), answered.load(SeqCst)), (10, 20));
}

/// What a connection does, and how it ends.
fn behave(mut stream: TcpStream, chance: u32) {
    let mut buf = [0; 16];
    let _ = match chance % 6 {
        0 => stream.write_all(b"something to read").map(|()| 0),
        1 => {
            let _ = stream.set_read_deadline(Some(Instant::now() + Duration::from_millis(2)));
            stream.read(&mut buf)
        }
        2 => stream.close().map(|()| 0),
        3 => return reset(stream),
        4 => stream.write_all(&[0; 300]).and_then(|()| stream.shutdown(Shutdown::Write)).map(|()| 0),
        _ => Ok(0),
    };
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/dev/fd").map_or(0, Iterator::count)
}

/// Connections that open and close at random, `CONNECTIONS` of them.
#[gochan::main]
fn connections_at_random() {
    let connections: u32 = std::env::var("CONNECTIONS").unwrap().parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let round = |connections: u32| {
        let random = seeded();
        let (wg, at_once) = (WaitGroup::new(), chan!((), 200));
        let serving = go!([listener, wg] {
            for number in 0..connections {
                let (stream, _) = listener.accept().unwrap();
                wg.go(move || behave(stream, number));
            }
        });
        let mut random = random.clone();
        for _ in 0..connections {
            let (chance, at_once) = (random.u32(..), at_once.clone());
            send!(at_once <- ());
            wg.go(move || {
                if let Ok(stream) = TcpStream::connect(address) {
                    behave(stream, chance);
                }
                recv!(at_once);
            });
        }
        serving.join().unwrap();
        wg.wait();
    };
    // The pollers are made by the first waits.
    round(50);
    until(|| num_goroutine() == 1);
    let before = open_descriptors();
    round(connections);
    until(|| num_goroutine() == 1);
    println!("{} more descriptors", open_descriptors() - before);
}

#[test]
fn io_09_connections_at_random_leave_neither_goroutine_nor_descriptor() {
    let outcome = scenario("connections_at_random").env("CONNECTIONS", "2000").run();
    outcome.prints("0 more descriptors\n");
}

#[test]
#[ignore = "takes a minute; cargo test -p gochan --test net -- --ignored a_minute"]
fn io_09_a_minute_of_connections_at_random() {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(60) {
        let outcome = scenario("connections_at_random").env("CONNECTIONS", "10000").run();
        outcome.prints("0 more descriptors\n");
    }
}

#[cfg(target_os = "linux")]
fn threads() -> Vec<libc::pid_t> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// Interrupts the system calls of all threads but the calling one, until it is told to stop.
#[cfg(target_os = "linux")]
fn interrupt(stop: &AtomicBool) -> usize {
    static HANDLED: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn handler(_signal: libc::c_int) {
        HANDLED.fetch_add(1, Relaxed);
    }
    // SAFETY: zeros are a valid structure; without `SA_RESTART` calls fail with `EINTR`.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_ONSTACK;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()), 0);
    }
    // SAFETY: questions without arguments.
    let (process, own) = unsafe { (libc::getpid(), libc::gettid()) };
    while !stop.load(Relaxed) {
        for thread in threads().into_iter().filter(|&thread| thread != own) {
            // SAFETY: a thread that has ended is an error of the call. The handler is in place.
            unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGUSR1) };
        }
        thread::sleep(Duration::from_micros(200));
    }
    HANDLED.load(Relaxed)
}

#[cfg(target_os = "linux")]
fn ask(address: SocketAddr, rounds: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_deadline(Some(Instant::now() + Duration::from_secs(100))).unwrap();
    for round in 0..rounds {
        let said = vec![round as u8; 1 + round % 5 * 30_000];
        let mut writer = stream.clone();
        let mut heard = vec![0; said.len()];
        let writing = go!([said] { writer.write_all(&said).unwrap() });
        stream.read_exact(&mut heard).unwrap();
        writing.join().unwrap();
        assert!(heard == said, "round {round}");
    }
}

/// Echoes between goroutines, and one to a plain thread, while signals interrupt every wait.
#[cfg(target_os = "linux")]
#[gochan::main]
fn conversations_under_signals() {
    let stop = Arc::new(AtomicBool::new(false));
    let signals = thread::spawn({
        let stop = stop.clone();
        move || interrupt(&stop)
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    go!([listener] {
        while let Ok((mut stream, _)) = listener.accept() {
            go!({ io::copy(&mut stream.clone(), &mut stream) });
        }
    });
    let outside = thread::spawn(move || ask(address, 20));
    let wg = WaitGroup::new();
    for _ in 0..10 {
        wg.go(move || ask(address, 20));
    }
    wg.wait();
    gochan::blocking(move || outside.join().unwrap());
    // Waits that only a deadline ends.
    let (mut stream, _peer) = connection();
    stream.set_read_deadline(Some(Instant::now() + Duration::from_millis(30))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
    stop.store(true, Relaxed);
    let handled = gochan::blocking(move || signals.join().unwrap());
    assert!(handled > 20, "{handled} signals");
    println!("done");
}

#[cfg(not(target_os = "linux"))]
fn conversations_under_signals() {
    println!("done");
}

#[test]
fn io_09_signals_that_interrupt_every_wait_go_unnoticed() {
    for workers in [1, 2] {
        scenario("conversations_under_signals").workers(workers).run().prints("done\n");
    }
}

#[gochan::test]
fn io_09_a_server_on_threads_of_std_and_one_here_are_the_same_to_their_client() {
    // What is read after each end of a peer, by std and by this crate.
    fn outcomes(connect: impl Fn(SocketAddr) -> Box<dyn Read>) -> Vec<Result<usize, ErrorKind>> {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (0..3)
            .map(|way| {
                let mut stream = connect(address);
                let (mut peer, _) = listener.accept().unwrap();
                match way {
                    0 => drop(peer),
                    1 => peer.shutdown(Shutdown::Write).unwrap(),
                    _ => {
                        peer.write_all(b"rest").unwrap();
                        reset(TcpStream::from(peer));
                    }
                }
                thread::sleep(Duration::from_millis(2));
                stream.read(&mut [0; 8]).map_err(|error| error.kind())
            })
            .collect()
    }
    let std = outcomes(|address| Box::new(net::TcpStream::connect(address).unwrap()));
    let here = outcomes(|address| Box::new(TcpStream::connect(address).unwrap()));
    assert_eq!(here, std);
}
