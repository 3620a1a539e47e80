use super::*;
use crate::base::clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

const FAR: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(60);

fn after(millis: u64) -> Instant {
    clock::now() + Duration::from_millis(millis)
}

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn an_alarm_fires_once_on_a_goroutine_of_its_own_and_not_early() {
    let (tx, rx) = mpsc::channel();
    for millis in [0, 1, 7, 30] {
        let deadline = after(millis);
        let tx = tx.clone();
        let alarm = set(deadline, move || {
            tx.send((deadline, clock::now(), crate::sched::here::current_id())).unwrap();
        });
        let (deadline, fired, goroutine) = rx.recv_timeout(PATIENCE).unwrap();
        assert!(fired >= deadline, "{:?} early", deadline - fired);
        assert!(goroutine.is_some());
        assert!(!alarm.cancel());
    }
    drop(tx);
    assert_eq!(rx.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn dropping_the_handle_does_not_cancel() {
    let (tx, rx) = mpsc::channel();
    drop(set(after(3), move || tx.send(()).unwrap()));
    rx.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn cancelling_drops_the_closure_at_once_and_on_the_spot() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Counted(dropped.clone());
    let alarm = set(clock::now() + FAR, move || drop(counted));
    assert_eq!(dropped.load(SeqCst), 0);
    assert!(alarm.cancel());
    assert_eq!(dropped.load(SeqCst), 1);
    assert!(!alarm.cancel());
    assert_eq!(Arc::strong_count(&alarm.0), 1, "the heap has let go of it");
}

/// Sets another alarm while it is dropped, which would hang with a lock held.
struct SetsAnother(mpsc::Sender<()>);

impl Drop for SetsAnother {
    fn drop(&mut self) {
        let tx = self.0.clone();
        drop(set(clock::now(), move || tx.send(()).unwrap()));
    }
}

#[test]
fn closures_are_dropped_outside_of_locks() {
    let (tx, rx) = mpsc::channel();
    let another = SetsAnother(tx);
    let alarm = set(clock::now() + FAR, move || drop(another));
    assert!(alarm.cancel());
    rx.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn an_earlier_alarm_wakes_who_sleeps_for_a_later_one() {
    let far = set(clock::now() + FAR, || ());
    // Time for the worker to fall asleep; if it has not, the test proves less and still holds.
    std::thread::sleep(Duration::from_millis(30));
    let (tx, rx) = mpsc::channel();
    drop(set(after(1), move || tx.send(()).unwrap()));
    rx.recv_timeout(PATIENCE).unwrap();
    assert!(far.cancel());
}

#[test]
fn centuries_away_is_never_and_can_be_cancelled() {
    let century = Duration::from_secs(100 * 365 * 86_400);
    let alarms = [
        set(clock::now() + 10 * century, || panic!("the end of time")),
        set_after(Duration::MAX, || panic!("the end of time")),
    ];
    let (tx, rx) = mpsc::channel();
    drop(set(after(1), move || tx.send(()).unwrap()));
    rx.recv_timeout(PATIENCE).unwrap();
    assert!(alarms.iter().all(Alarm::cancel));
}

/// Several threads set and cancel at random. Each alarm either fires or is cancelled, and each closure is dropped once.
#[test]
fn every_alarm_fires_or_is_cancelled() {
    const THREADS: u64 = 4;
    const EACH: u64 = 2_000;
    let seed = fastrand::u64(..);
    let fired = Arc::new(AtomicUsize::new(0));
    let dropped = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (fired, dropped) = (fired.clone(), dropped.clone());
            std::thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed.wrapping_add(thread));
                let mut alarms = Vec::new();
                let mut cancelled = 0;
                for _ in 0..EACH {
                    let (fired, counted) = (fired.clone(), Counted(dropped.clone()));
                    let deadline = clock::now() + Duration::from_micros(random.u64(..3_000));
                    alarms.push(set(deadline, move || {
                        fired.fetch_add(1, SeqCst);
                        drop(counted);
                    }));
                    if random.bool() {
                        let index = random.usize(..alarms.len());
                        cancelled += usize::from(alarms.swap_remove(index).cancel());
                    }
                }
                cancelled
            })
        })
        .collect();
    let cancelled: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    let all = (THREADS * EACH) as usize;
    let start = clock::now();
    while dropped.load(SeqCst) < all {
        assert!(start.elapsed() < PATIENCE, "seed {seed}: {} of {all} gone", dropped.load(SeqCst));
        std::thread::yield_now();
    }
    assert_eq!(fired.load(SeqCst) + cancelled, all, "seed {seed}");
    assert_eq!(dropped.load(SeqCst), all, "seed {seed}");
}

#[test]
fn a_busy_worker_does_not_delay_its_alarms() {
    if settings().backend == Backend::Threads || settings().workers == 1 {
        return;
    }
    let (tx, rx) = mpsc::channel();
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let busy = crate::go!([over] {
        drop(set(after(2), move || tx.send(()).unwrap()));
        while !over.load(SeqCst) {
            std::hint::spin_loop();
        }
    });
    rx.recv_timeout(PATIENCE).unwrap();
    assert!(!busy.is_finished());
    over.store(true, SeqCst);
    busy.join().unwrap();
}
