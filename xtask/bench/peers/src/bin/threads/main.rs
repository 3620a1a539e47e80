//! OS threads with the channels of crossbeam, kanal and flume, and with the locks of std and parking_lot. One
//! processor means: the process is pinned to the first one.

mod lock;
mod select;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use gochan_bench_peers::blocking::{Channel, Threads, run};
use gochan_bench_peers::measure::{Memory, millis, nanos_each, report};
use gochan_bench_peers::{Request, finish};

struct OsThreads;

impl Threads for OsThreads {
    type Handle = JoinHandle<()>;

    const POOL_JOBS: usize = 100_000;

    fn spawn(body: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        thread::Builder::new().stack_size(64 << 10).spawn(body).expect("a thread")
    }

    fn join(handle: JoinHandle<()>) {
        handle.join().expect("no thread panics");
    }

    fn yield_now() {
        thread::yield_now();
    }

    fn sleep(duration: Duration) {
        thread::sleep(duration);
    }
}

macro_rules! channel {
    ($name:ident, $crate_name:ident) => {
        struct $name;

        impl Channel for $name {
            type Tx<T: Send + 'static> = $crate_name::Sender<T>;
            type Rx<T: Send + 'static> = $crate_name::Receiver<T>;

            fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Tx<T>, Self::Rx<T>) {
                $crate_name::bounded(capacity)
            }

            fn send<T: Send + 'static>(tx: &Self::Tx<T>, value: T) -> bool {
                tx.send(value).is_ok()
            }

            fn recv<T: Send + 'static>(rx: &Self::Rx<T>) -> Option<T> {
                rx.recv().ok()
            }
        }
    };
}

channel!(Crossbeam, crossbeam_channel);
channel!(Kanal, kanal);
channel!(Flume, flume);

fn main() {
    let Request { peer, workload, procs } = Request::from_args();
    if procs == 1 {
        pin_to_first_cpu();
    }
    finish(match peer.as_str() {
        "crossbeam" => run::<OsThreads, Crossbeam>(&workload) || run_own(&workload) || select::run(&workload),
        "kanal-thr" => run::<OsThreads, Kanal>(&workload),
        "flume-thr" => run::<OsThreads, Flume>(&workload),
        "std-thr" => lock::run::<lock::Std>(&workload),
        "pl-thr" => lock::run::<lock::ParkingLot>(&workload),
        _ => false,
    });
}

/// What needs no channel, or only one of them.
fn run_own(workload: &str) -> bool {
    const COUNT: usize = 10_000;
    match workload {
        "spawn_all" => report("ns", nanos_each(spawn(COUNT, COUNT), COUNT)),
        "spawn_batch" => report("ns", nanos_each(spawn(COUNT, 1000), COUNT)),
        "mem10k" => mem(COUNT),
        _ => return false,
    }
    true
}

fn spawn(count: usize, batch: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count / batch {
        let handles: Vec<_> = (0..batch).map(|_| OsThreads::spawn(|| {})).collect();
        handles.into_iter().for_each(OsThreads::join);
    }
    start.elapsed()
}

fn mem(count: usize) {
    let before = Memory::now();
    let (release, released) = crossbeam_channel::bounded::<()>(0);
    let started = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let handles: Vec<_> = (0..count)
        .map(|_| {
            let (released, started) = (released.clone(), started.clone());
            let body = move || {
                started.fetch_add(1, Relaxed);
                let _ = released.recv();
            };
            thread::Builder::new().stack_size(16 << 10).spawn(body).expect("a thread")
        })
        .collect();
    while started.load(Relaxed) != count {
        thread::yield_now();
    }
    let spawned = start.elapsed();
    thread::sleep(Duration::from_millis(50));
    Memory::now().report_since(before, count);
    let start = Instant::now();
    drop(release);
    handles.into_iter().for_each(OsThreads::join);
    report("spawn_ms", millis(spawned));
    report("release_ms", millis(start.elapsed()));
}

fn pin_to_first_cpu() {
    // SAFETY: `cpu_set_t` is plain data for which all zeroes is the empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the index is below the size of the set.
    unsafe { libc::CPU_SET(0, &mut set) };
    // SAFETY: the pointer is to a whole set of the size given.
    let failed = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) };
    assert_eq!(failed, 0, "could not pin the process: {}", std::io::Error::last_os_error());
}
