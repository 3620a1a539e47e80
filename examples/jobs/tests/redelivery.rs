//! A worker is killed in the middle: no job is lost, and none is done twice without a mark.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::{Connection, cmd};

const JOBS: usize = 300;
const MILLIS: u64 = 8;

/// A process that does not outlive the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.0.id().to_string()]).status();
        assert!(killed.expect("`kill` is everywhere").success());
    }
}

#[track_caller]
fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never came");
        sleep(Duration::from_millis(2));
    }
}

/// A server of its own; `None` if there is none on this machine.
fn start_redis(directory: &std::path::Path) -> Option<(Process, String)> {
    // Free now, and nothing else is likely to get it within the next moment.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("redis-server");
    server.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
    server.arg("--dir").arg(directory).stdin(Stdio::null()).stdout(Stdio::null());
    match server.spawn() {
        Ok(server) => Some((Process(server), format!("redis://127.0.0.1:{port}"))),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("redis-server: {error}"),
    }
}

fn jobs(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gochan-example-jobs"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn count_done(redis: &mut Connection) -> usize {
    cmd("LLEN").arg("done").query(redis).unwrap()
}

/// The jobs that a worker, or any of them, has and has not acknowledged.
fn pending(redis: &mut Connection, worker: Option<&str>) -> usize {
    let mut command = cmd("XPENDING");
    command.arg("jobs").arg("workers").arg("-").arg("+").arg(JOBS);
    if let Some(worker) = worker {
        command.arg(worker);
    }
    command.query::<Vec<redis::Value>>(redis).unwrap().len()
}

#[test]
fn a_killed_worker_loses_no_job() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_server, url)) = start_redis(directory.path()) else {
        println!("skipped: there is no redis-server on this machine (Debian's package is redis-server)");
        return;
    };
    let client = redis::Client::open(&*url).unwrap();
    let mut connected = None;
    until(|| {
        connected = client.get_connection().ok();
        connected.is_some()
    });
    let mut redis = connected.unwrap();

    let produced = jobs(&["produce", &url, &JOBS.to_string(), &MILLIS.to_string()]).status();
    assert!(produced.unwrap().success());
    let work = |name| Process(jobs(&["work", &url, name]).stdout(Stdio::piped()).spawn().unwrap());
    let (one, victim, three) = (work("one"), work("victim"), work("three"));
    until(|| count_done(&mut redis) >= JOBS / 5);
    // Stopped at a moment when it has jobs; then it is killed.
    let mut had = 0;
    until(|| {
        victim.signal("-STOP");
        had = pending(&mut redis, Some("victim"));
        if had == 0 {
            victim.signal("-CONT");
        }
        had > 0
    });
    drop(victim);

    until(|| count_done(&mut redis) >= JOBS && pending(&mut redis, None) == 0);
    for mut worker in [one, three] {
        worker.signal("-TERM");
        assert!(worker.0.wait().unwrap().success());
    }
    let records: Vec<String> = cmd("LRANGE").arg("done").arg(0).arg(-1).query(&mut redis).unwrap();
    let mut results: HashMap<usize, Vec<bool>> = HashMap::new();
    for record in &records {
        let mut words = record.split(' ');
        let number = words.next().unwrap().parse().unwrap();
        results.entry(number).or_default().push(words.next() == Some("again"));
    }
    assert!((0..JOBS).all(|number| results.contains_key(&number)), "a job is lost");
    for (number, marks) in &results {
        let unmarked = marks.iter().filter(|again| !**again).count();
        assert!(unmarked <= 1, "job {number} was done twice: {records:?}");
    }
    let again = results.values().flatten().filter(|again| **again).count();
    assert!(again >= had, "{had} jobs of the killed worker, {again} delivered again");
    let state = jobs(&["state", &url]).output().unwrap();
    let state = String::from_utf8_lossy(&state.stdout).into_owned();
    assert!(
        state.starts_with(&format!("{JOBS} jobs, {} results, {again} of them", records.len())),
        "{state}"
    );
}
