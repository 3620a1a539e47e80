//! may's coroutines. Its channels have no bound: `may-spsc` and `may-unb` use them as they are (spsc and
//! mpmc),
//! `may-sem` adds a semaphore as the bound (at least 1: there is no rendezvous either).

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gochan_bench_peers::blocking::{Channel, Threads, run};
use gochan_bench_peers::measure::{
    ECHOED, Memory, ROOM, calibrate, millis, nanos_each, raise_descriptor_limit, report,
};
use gochan_bench_peers::{Request, finish};
use may::coroutine::{self, JoinHandle};
use may::go;
use may::net::{TcpListener, TcpStream};
use may::sync::{Semphore, SyncFlag, mpmc, spsc};

struct May;

impl Threads for May {
    type Handle = JoinHandle<()>;

    const POOL_JOBS: usize = 1_000_000;

    fn spawn(body: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        go!(body)
    }

    fn join(handle: JoinHandle<()>) {
        handle.join().expect("no coroutine panics");
    }

    fn yield_now() {
        coroutine::yield_now();
    }

    fn sleep(duration: Duration) {
        coroutine::sleep(duration);
    }
}

struct Unbounded;

impl Channel for Unbounded {
    type Tx<T: Send + 'static> = mpmc::Sender<T>;
    type Rx<T: Send + 'static> = mpmc::Receiver<T>;

    fn bounded<T: Send + 'static>(_: usize) -> (Self::Tx<T>, Self::Rx<T>) {
        mpmc::channel()
    }

    fn send<T: Send + 'static>(tx: &Self::Tx<T>, value: T) -> bool {
        tx.send(value).is_ok()
    }

    fn recv<T: Send + 'static>(rx: &Self::Rx<T>) -> Option<T> {
        rx.recv().ok()
    }
}

struct Bounded;

impl Channel for Bounded {
    type Tx<T: Send + 'static> = (mpmc::Sender<T>, Arc<Semphore>);
    type Rx<T: Send + 'static> = (mpmc::Receiver<T>, Arc<Semphore>);

    fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Tx<T>, Self::Rx<T>) {
        let (tx, rx) = mpmc::channel();
        let room = Arc::new(Semphore::new(capacity.max(1)));
        ((tx, room.clone()), (rx, room))
    }

    fn send<T: Send + 'static>((tx, room): &Self::Tx<T>, value: T) -> bool {
        room.wait();
        tx.send(value).is_ok()
    }

    fn recv<T: Send + 'static>((rx, room): &Self::Rx<T>) -> Option<T> {
        let value = rx.recv().ok();
        room.post();
        value
    }
}

fn main() {
    let Request { peer, workload, procs } = Request::from_args();
    may::config().set_workers(procs);
    let main = go!(move || match peer.as_str() {
        "may-unb" => run_own(&workload) || run::<May, Unbounded>(&workload),
        "may-sem" => run::<May, Bounded>(&workload),
        "may-spsc" => run_spsc(&workload),
        _ => false,
    });
    finish(main.join().expect("the workload does not panic"));
}

/// Counts coroutines down; the last one raises the flag.
#[derive(Clone)]
struct WaitGroup(Arc<(AtomicUsize, SyncFlag)>);

impl WaitGroup {
    fn new(count: usize) -> WaitGroup {
        WaitGroup(Arc::new((AtomicUsize::new(count), SyncFlag::new())))
    }

    fn done(&self) {
        if self.0.0.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.1.fire();
        }
    }

    fn wait(&self) {
        self.0.1.wait();
    }
}

fn run_own(workload: &str) -> bool {
    const MILLION: usize = 1_000_000;
    match workload {
        "spawn_batch" => report("ns", nanos_each(spawn(MILLION, 1000), MILLION)),
        "mem10k" => mem(10_000),
        "echo50" => report("ns", calibrate(5_000, |n| echo(n, 50))),
        "echo1000" => report("ns", calibrate(20_000, |n| echo(n, 1000))),
        _ => return false,
    }
    true
}

fn spawn(count: usize, batch: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count / batch {
        let group = WaitGroup::new(batch);
        for _ in 0..batch {
            let group = group.clone();
            go!(move || group.done());
        }
        group.wait();
    }
    start.elapsed()
}

fn mem(count: usize) {
    // In words: the smallest stack on which this ran.
    const STACK: usize = 0x400;
    let before = Memory::now();
    let (release, released) = mpmc::channel::<()>();
    let started = Arc::new(AtomicUsize::new(0));
    let group = WaitGroup::new(count);
    let start = Instant::now();
    for _ in 0..count {
        let (released, started, group) = (released.clone(), started.clone(), group.clone());
        let parked = may::go_with!(STACK, move || {
            started.fetch_add(1, Ordering::Relaxed);
            let _ = released.recv();
            group.done();
        });
        parked.expect("a stack for the coroutine");
    }
    while started.load(Ordering::Relaxed) != count {
        // Yielding in a loop would starve the others on one worker.
        coroutine::sleep(Duration::from_millis(1));
    }
    let spawned = start.elapsed();
    coroutine::sleep(Duration::from_millis(50));
    Memory::now().report_since(before, count);
    let start = Instant::now();
    for _ in 0..count {
        release.send(()).expect("the coroutines wait");
    }
    group.wait();
    report("spawn_ms", millis(spawned));
    report("release_ms", millis(start.elapsed()));
}

fn send_back(mut stream: TcpStream) {
    let mut buf = [0; ROOM];
    while let Ok(read @ 1..) = stream.read(&mut buf) {
        if stream.write_all(&buf[..read]).is_err() {
            break;
        }
    }
}

fn echo(count: usize, connections: usize) -> Duration {
    raise_descriptor_limit();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    go!(move || {
        for _ in 0..connections {
            let (stream, _) = listener.accept().expect("a connection");
            stream.set_nodelay(true).expect("an open socket");
            go!(move || send_back(stream));
        }
    });
    let connect = |_| {
        let stream = TcpStream::connect(address).expect("the listener is there");
        stream.set_nodelay(true).expect("an open socket");
        stream
    };
    let streams: Vec<_> = (0..connections).map(connect).collect();
    let group = WaitGroup::new(connections);
    let each = count / connections + 1;
    let start = Instant::now();
    for mut stream in streams {
        let group = group.clone();
        go!(move || {
            let mut buf = [1; ROOM];
            for _ in 0..each {
                stream.write_all(&buf[..ECHOED]).expect("the other end reads");
                let mut read = 0;
                while read < ECHOED {
                    match stream.read(&mut buf[read..]) {
                        Ok(more @ 1..) => read += more,
                        end => panic!("the other end answers: {end:?}"),
                    }
                }
            }
            group.done();
        });
    }
    group.wait();
    start.elapsed()
}

/// The two workloads with one sender and one receiver, on may's fastest channel.
fn run_spsc(workload: &str) -> bool {
    match workload {
        "pingpong" => report("ns", calibrate(20_000, pingpong_spsc)),
        "spsc128" => report("ns", calibrate(50_000, spsc_unbounded)),
        _ => return false,
    }
    true
}

fn pingpong_spsc(count: usize) -> Duration {
    let (ping, pings) = spsc::channel::<()>();
    let (pong, pongs) = spsc::channel::<()>();
    go!(move || {
        while pings.recv().is_ok() {
            let _ = pong.send(());
        }
    });
    let start = Instant::now();
    for _ in 0..count {
        ping.send(()).expect("the partner receives");
        pongs.recv().expect("the partner answers");
    }
    start.elapsed()
}

fn spsc_unbounded(count: usize) -> Duration {
    let (tx, rx) = spsc::channel::<u64>();
    let start = Instant::now();
    go!(move || {
        for i in 0..count as u64 {
            tx.send(i).expect("the receiver lives");
        }
    });
    let (mut sum, mut received) = (0u64, 0);
    while let Ok(value) = rx.recv() {
        sum = sum.wrapping_add(value);
        received += 1;
    }
    assert_eq!(received, count);
    std::hint::black_box(sum);
    start.elapsed()
}
