//! Right programs: pipelines, merges, walks, joins.
use gochan::JoinHandle;
use gochan::prelude::*;
use gochan::sync::Mutex;
use std::sync::Arc;
use std::time::Duration;

fn source(ctx: &Context, n: u32) -> Receiver<u32> {
    let (tx, rx) = chan!(u32).split();
    go!([ctx] {
        for i in 0..n {
            select! {
                tx <- i => {}
                <-ctx.done() => return,
            }
        }
    });
    rx
}
fn square(input: Receiver<u32>) -> Receiver<u32> {
    let out = chan!(u32);
    let rx = out.receiver();
    go!({
        defer!(close!(out));
        for n in input {
            if out.send(n * n).is_err() {
                return;
            }
        }
    });
    rx
}
fn merge(inputs: Vec<Receiver<u32>>) -> Receiver<u32> {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    wg.add(inputs.len() as isize);
    for input in inputs {
        go!([out, wg] {
            defer!(wg.done());
            for n in input {
                send!(out <- n);
            }
        });
    }
    let rx = out.receiver();
    go!({
        wg.wait();
        close!(out);
    });
    rx
}
fn whole(parent: &Context) -> u32 {
    let (ctx, cancel) = parent.with_timeout(Duration::from_secs(1));
    defer!(cancel.cancel());
    merge(vec![square(source(&ctx, 3)), square(source(&ctx, 4))]).iter().sum()
}
fn first_answer(servers: Vec<String>) -> String {
    let answers = chan!(String, servers.len());
    for server in servers {
        go!([answers] send_answer(answers, server));
    }
    recv!(answers)
}
fn send_answer(answers: Chan<String>, server: String) {
    send!(answers <- server);
}
/// Each goroutine holds a count of its own while it counts its children.
fn walk(wg: WaitGroup, depth: u32) {
    defer!(wg.done());
    if depth == 0 {
        return;
    }
    for _ in 0..2 {
        wg.add(1);
        go!([wg] walk(wg, depth - 1));
    }
}
fn walks() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] walk(wg, 3));
    wg.wait();
}
fn joins(list: Vec<u32>) -> Vec<u32> {
    let handles: Vec<JoinHandle<u32>> = list.into_iter().map(|n| go!({ n * 2 })).collect();
    handles.into_iter().map(|handle| handle.join().unwrap()).collect()
}
fn joined_senders(list: Vec<u32>) -> u32 {
    let out = chan!(u32, 100);
    let mut handles = Vec::new();
    for n in list {
        handles.push(go!([out] { send!(out <- n); }));
    }
    for handle in handles {
        handle.join().unwrap();
    }
    close!(out);
    out.iter().sum()
}
fn scoped(list: &[u32]) -> u32 {
    let total = Mutex::new(0);
    gochan::scope(|s| {
        for n in list {
            s.go(|| *total.lock() += n);
        }
    });
    let sum = *total.lock();
    sum
}
fn two_phases(n: usize) {
    let (start, ready, done) = (chan!(()), WaitGroup::new(), WaitGroup::new());
    ready.add(n as isize);
    for _ in 0..n {
        done.go({
            let (start, ready) = (start.clone(), ready.clone());
            move || {
                ready.done();
                recv!(start);
            }
        });
    }
    ready.wait();
    close!(start);
    done.wait();
}
fn ping_pong() -> u32 {
    let (ping, pong) = (chan!(u32), chan!(u32));
    let player = go!([ping, pong] {
        for n in &ping {
            send!(pong <- n + 1);
        }
        close!(pong);
    });
    let mut n = 0;
    for _ in 0..10 {
        send!(ping <- n);
        n = recv!(pong);
    }
    close!(ping);
    player.join().unwrap();
    n
}
fn drained(jobs: Receiver<u32>, quit: &Receiver<()>) -> Vec<u32> {
    let mut rest = Vec::new();
    loop {
        let (job, more) = select! {
            job, more = <-jobs => (job, more),
            <-quit => return rest,
        };
        if !more {
            return rest;
        }
        rest.push(job);
    }
}
fn optional_arms(a: Receiver<u32>, b: Receiver<u32>) -> u32 {
    let (mut a, mut b, mut sum) = (Some(a), Some(b), 0);
    while a.is_some() || b.is_some() {
        let (from_a, from_b) = (a.clone().unwrap_or_default(), b.clone().unwrap_or_default());
        select! {
            n, ok = <-from_a => if ok { sum += n } else { a = None },
            n, ok = <-from_b => if ok { sum += n } else { b = None },
        }
    }
    sum
}
fn detaches(parent: &Context) {
    let ctx = parent.without_cancel();
    go!({
        let (ctx, cancel) = ctx.with_timeout(Duration::from_secs(5));
        defer!(cancel.cancel());
        ctx.done().recv();
    });
}
fn each_turn(ctx: &Context, urls: &[String]) -> Vec<usize> {
    let mut sizes = Vec::new();
    for url in urls {
        with_context!((ctx, _cancel) = ctx.with_timeout(Duration::from_secs(1)) => {
            sizes.push(fetch(&ctx, url));
        });
    }
    sizes
}
fn fetch(ctx: &Context, url: &str) -> usize {
    if ctx.err().is_some() { 0 } else { url.len() }
}
fn handed_back(parent: &Context) -> (Context, gochan::context::CancelHandle) {
    let (ctx, cancel) = parent.with_cancel();
    go!([ctx] { ctx.done().recv(); });
    (ctx, cancel)
}
fn generic<T: Send + 'static>(list: Vec<T>, work: impl Fn(T) + Send + Sync + 'static) {
    let (work, wg) = (Arc::new(work), WaitGroup::new());
    for item in list {
        let work = work.clone();
        wg.go(move || work(item));
    }
    wg.wait();
}
fn replaces(slot: &Mutex<Chan<u32>>) {
    let fresh = chan!(u32);
    let old = std::mem::replace(&mut *slot.lock(), fresh);
    close!(old);
}
fn producer_of_a_structure(log: Arc<Log>) {
    go!({
        for n in 0..3 {
            log.write(n);
        }
        log.end();
    });
}
struct Log {
    lines: Chan<u32>,
}
impl Log {
    fn write(&self, n: u32) {
        send!(self.lines <- n);
    }
    fn end(&self) {
        close!(self.lines);
    }
    fn read(&self) -> u32 {
        self.lines.iter().sum()
    }
}
fn reads(log: &Log) -> u32 {
    log.read()
}
struct Pool {
    jobs: Chan<Box<dyn FnOnce() + Send>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}
impl Pool {
    fn new(size: usize) -> Pool {
        let jobs: Chan<Box<dyn FnOnce() + Send>> = chan!(Box<dyn FnOnce() + Send>, 16);
        let workers = (0..size).map(|_| go!([jobs] { for job in &jobs { job(); } })).collect();
        Pool { jobs, workers: Mutex::new(workers) }
    }
    fn run(&self, job: impl FnOnce() + Send + 'static) {
        send!(self.jobs <- Box::new(job));
    }
    fn shutdown(&self) {
        close!(self.jobs);
        let workers = std::mem::take(&mut *self.workers.lock());
        for worker in workers {
            worker.join().unwrap();
        }
    }
}
fn with_a_pool() {
    let pool = Pool::new(4);
    pool.run(|| println!("x"));
    pool.shutdown();
}
fn in_futures(url: String) -> usize {
    go!({ gochan::block_on(async move { url.len() }) }).join().unwrap()
}
fn blocking_work(path: std::path::PathBuf) -> std::io::Result<String> {
    gochan::blocking(move || std::fs::read_to_string(path))
}
