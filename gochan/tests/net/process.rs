//! What takes a process of its own: deadlock reports, dumps, forks, and a process without descriptors.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{connection, wait_until_waiting};
use crate::common::process::scenarios;
use gochan::net::{Async, TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::runtime::WaitReason;

scenarios!(
    a_wait_for_another_process,
    a_deadlock_after_a_wait,
    readers_behind_a_sleeper,
    a_dump_of_waits,
    a_server_without_descriptors,
    a_child_that_reads
);

fn another_process() -> Async<std::process::ChildStdout> {
    let sleeper = Command::new("sh").args(["-c", "sleep 0.3; echo done"]).stdout(Stdio::piped()).spawn();
    Async::new(sleeper.unwrap().stdout.unwrap()).unwrap()
}

#[gochan::main]
fn a_wait_for_another_process() {
    let ch = chan!(String);
    go!([ch] {
        let mut text = String::new();
        another_process().read_to_string(&mut text).unwrap();
        send!(ch <- text);
    });
    print!("{}", recv!(ch));
}

#[test]
fn io_10_a_wait_for_a_descriptor_is_no_deadlock() {
    scenario("a_wait_for_another_process").run().prints("done\n");
}

#[gochan::main]
fn a_deadlock_after_a_wait() {
    another_process().read_to_string(&mut String::new()).unwrap();
    println!("done");
    chan!(()).recv();
}

#[test]
fn io_10_a_deadlock_is_reported_once_nothing_is_waited_for() {
    let outcome = scenario("a_deadlock_after_a_wait").run();
    assert_eq!(outcome.stdout, "done\n");
    outcome.fails_saying(&["all goroutines are asleep - deadlock!"]);
}

#[gochan::main]
fn readers_behind_a_sleeper() {
    let connections: Vec<_> = (0..3).map(|_| connection()).collect();
    let readers: Vec<_> = connections
        .iter()
        .map(|(stream, _)| {
            let mut stream = stream.clone();
            go!({ stream.read(&mut [0]).unwrap() })
        })
        .collect();
    readers.iter().for_each(|reader| wait_until_waiting(reader.id(), WaitReason::NetRead));
    thread::sleep(Duration::from_millis(400));
    drop(connections);
}

#[test]
fn the_report_of_a_stuck_worker_counts_the_sources_behind_it() {
    if std::env::var("GOCHAN_BACKEND").is_ok_and(|backend| backend == "threads") {
        return;
    }
    let outcome = scenario("readers_behind_a_sleeper").env("GOCHAN_STUCK", "100ms").workers(1).run();
    assert!(
        outcome.stderr.contains("\n    3 waits for sockets and the like go on meanwhile, whatever arrives\n"),
        "{outcome:#?}"
    );
}

#[gochan::main]
fn a_dump_of_waits() {
    let (stream, _peer) = connection();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let reading = go!([mut stream] { stream.read(&mut [0]).is_err() });
    let accepting = go!([listener] { listener.accept().is_err() });
    wait_until_waiting(reading.id(), WaitReason::NetRead);
    wait_until_waiting(accepting.id(), WaitReason::NetAccept);
    println!("{}", gochan::runtime::dump());
    println!("reads {}", stream.local_addr().unwrap());
    println!("from {}", stream.peer_addr().unwrap());
    println!("accepts {}", listener.local_addr().unwrap());
    stream.close().unwrap();
    listener.close().unwrap();
    assert!(reading.join().unwrap() && accepting.join().unwrap());
}

#[test]
fn io_10_dumps_name_what_is_waited_for_and_where() {
    let outcome = scenario("a_dump_of_waits").run();
    assert_eq!(outcome.code(), Some(0), "{outcome:#?}");
    for words in ["[net read, ", "[net accept, ", concat!("waits at ", file!())] {
        assert!(outcome.stdout.contains(words), "no {words:?} in {outcome:#?}");
    }
    let address = |what: &str| {
        let line = outcome.stdout.lines().find_map(|line| line.strip_prefix(what));
        line.expect("it is printed").trim().to_owned()
    };
    let stream = format!(", {} with {}]:", address("reads"), address("from"));
    let listener = format!(", {}]:", address("accepts"));
    assert!(outcome.stdout.contains(&stream) && outcome.stdout.contains(&listener), "{outcome:#?}");
}

#[gochan::main]
fn a_server_without_descriptors() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // The poller has its descriptors before they run out.
    let serving = go!({
        let mut streams = Vec::new();
        while streams.len() < 20 {
            streams.push(listener.accept().unwrap().0);
        }
        streams.len()
    });
    wait_until_waiting(serving.id(), WaitReason::NetAccept);
    let mut streams: Vec<_> = (0..19).map(|_| TcpStream::connect(address).unwrap()).collect();
    // What is accepted next finds no descriptor, until the filler is gone.
    let last = TcpStream::connect(address);
    let mut filler = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        filler.push(file);
    }
    streams.extend(last);
    gochan::time::sleep(Duration::from_millis(50));
    drop(filler);
    println!("{}", serving.join().unwrap());
}

#[test]
fn io_09_an_accept_without_descriptors_backs_off_and_recovers() {
    let mut scenario = scenario("a_server_without_descriptors");
    limit_descriptors(&mut scenario.0);
    let outcome = scenario.run();
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "20\n"), "{outcome:#?}");
    assert!(outcome.stderr.matches("cannot be accepted").count() <= 1, "{outcome:#?}");
}

fn limit_descriptors(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
    let set = move || {
        // SAFETY: the structure lives until the call returns.
        match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: the closure makes one system call and allocates only when that fails.
    unsafe { command.pre_exec(set) };
}

#[gochan::main]
fn a_child_that_reads() {
    let (mut stream, mut peer) = connection();
    let reading = go!([mut peer] { peer.read(&mut [0]).unwrap() });
    wait_until_waiting(reading.id(), WaitReason::NetRead);
    // SAFETY: the child uses what it may use.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop(peer);
        let _ = stream.read(&mut [0]);
        println!("not reached");
        return;
    }
    let mut status = 0;
    // SAFETY: the child is this process's.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    println!("{}", libc::WEXITSTATUS(status));
    stream.write_all(b"x").unwrap();
    println!("{}", reading.join().unwrap());
    let _ = peer.flush();
}

#[test]
fn io_09_a_forked_child_may_not_wait_and_leaves_the_poller_alone() {
    let outcome = scenario("a_child_that_reads").run();
    assert_eq!((outcome.code(), &*outcome.stdout), (Some(0), "2\n1\n"), "{outcome:#?}");
    assert!(outcome.stderr.contains("waits [net read]"), "{outcome:#?}");
}
