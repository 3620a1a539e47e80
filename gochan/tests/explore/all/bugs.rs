//! Bugs that show in few interleavings are found, and told with what brings them back; what is right passes with the number
//! of its interleavings.

use super::*;

#[track_caller]
fn fails(program: fn(), symptom: &str) -> String {
    let text = panic_of(|| all().run(program));
    assert!(text.contains(symptom), "{text}");
    assert!(!text.contains("went otherwise"), "{text}");
    text
}

const DEADLOCK: &str = "all goroutines of the test are asleep - deadlock!";

/// Philosophers around a table, each with a fork to the left and one to the right. The last one of those who are careful
/// takes the right one first.
fn dine(philosophers: usize, careful: bool) {
    let forks: Arc<Vec<_>> = Arc::new((0..philosophers).map(|_| Mutex::new(())).collect());
    for seat in 0..philosophers {
        go!([forks] {
            let (left, right) = (seat, (seat + 1) % forks.len());
            let (first, second) = if careful { (left.min(right), left.max(right)) } else { (left, right) };
            let _first = forks[first].lock();
            let _second = forks[second].lock();
        });
    }
}

#[test]
fn dl_08_philosophers_starve() {
    for program in [|| dine(2, false), || dine(3, false)] as [fn(); 2] {
        // Goroutines that are left while the body has returned.
        let text = fails(program, "leaked");
        assert!(text.contains("waits in Mutex lock"), "{text}");
    }
}

#[test]
fn dl_08_careful_philosophers_dine() {
    assert_eq!(count(|| dine(2, true)), TWO_DINE);
    let three = count(|| dine(3, true));
    assert!(three > TWO_DINE && three < 1000, "{three}");
}

/// Both take the same fork first: either one takes it when the other has put it back, or it waits for it. The second fork is
/// free then in any case. Two ways for each of two orders.
const TWO_DINE: usize = 4;

#[test]
fn dl_08_two_locks_in_two_orders() {
    let text = fails(
        || {
            let locks = Arc::new([Mutex::new(0), Mutex::new(0)]);
            let other = go!([locks] {
                let _second = locks[1].lock();
                *locks[0].lock() += 1;
            });
            {
                let _first = locks[0].lock();
                // gochan-lint: allow(lock_order) the fault that the test is about
                *locks[1].lock() += 1;
            }
            other.join().unwrap();
        },
        DEADLOCK,
    );
    assert!(text.contains("GOCHAN_SEED=all-"), "{text}");
}

#[test]
fn dl_08_a_lost_update() {
    fn update(at_once: bool) {
        let count = Arc::new(AtomicU32::new(0));
        let adders: [_; 2] = std::array::from_fn(|_| {
            go!([count] {
                if at_once {
                    count.fetch_add(1, SeqCst);
                } else {
                    let before = count.load(SeqCst);
                    count.store(before + 1, SeqCst);
                }
            })
        });
        adders.into_iter().for_each(|adder| adder.join().unwrap());
        assert_eq!(count.load(SeqCst), 2, "an update is lost");
    }
    let text = panic_of(|| all().run(|| update(false)));
    assert!(text.contains("an update is lost"), "{text}");
    assert_eq!(count(|| update(true)), 2);
}

#[test]
fn dl_08_a_lost_update_of_what_the_runtime_does_not_know() {
    let text = panic_of(|| {
        all().run(|| {
            let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
            let adders: [_; 2] = std::array::from_fn(|_| {
                go!([count] {
                    let before = count.load(SeqCst);
                    gosched();
                    count.store(before + 1, SeqCst);
                })
            });
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            assert_eq!(count.load(SeqCst), 2, "an update is lost");
        });
    });
    assert!(text.contains("an update is lost"), "{text}");
}

#[test]
fn dl_08_a_try_meets_a_held_lock() {
    let text = panic_of(|| {
        all().run(|| {
            let lock = Arc::new(Mutex::new(0));
            go!([lock] {
                *lock.lock() += 1;
            });
            assert!(lock.try_lock().is_some(), "it is held");
        });
    });
    assert!(text.contains("it is held"), "{text}");
}

#[test]
fn dl_08_a_goroutine_is_not_finished_as_soon_as_it_has_sent() {
    let text = panic_of(|| {
        all().run(|| {
            let ch = chan!(u32);
            let sender = go!([ch] {
                send!(ch <- 1);
            });
            recv!(ch);
            assert!(sender.is_finished(), "not yet");
        });
    });
    assert!(text.contains("not yet"), "{text}");
}

/// Two sends on different channels, of which one ends the wait of a select, are not independent.
#[test]
fn dl_08_each_arm_of_a_select_that_waits_is_met() {
    static SEEN: StdMutex<BTreeSet<u32>> = StdMutex::new(BTreeSet::new());
    all().run(|| {
        let (a, b) = (chan!(u32, 1), chan!(u32, 1));
        go!([a] {
            send!(a <- 1);
        });
        go!([b] {
            send!(b <- 2);
        });
        let first = select! {
            value = <-a => value,
            value = <-b => value,
        };
        SEEN.lock().unwrap().insert(first);
    });
    assert_eq!(*SEEN.lock().unwrap(), BTreeSet::from([1, 2]));
}

/// All that can come of two goroutines that read what the other one writes: not that both read nothing.
#[test]
fn dl_08_all_outcomes_are_seen() {
    static SEEN: StdMutex<BTreeSet<(u32, u32)>> = StdMutex::new(BTreeSet::new());
    all().run(|| {
        let (x, y) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let other = go!([x, y] {
            x.store(1, SeqCst);
            y.load(SeqCst)
        });
        y.store(1, SeqCst);
        let here = x.load(SeqCst);
        SEEN.lock().unwrap().insert((here, other.join().unwrap()));
    });
    assert_eq!(*SEEN.lock().unwrap(), BTreeSet::from([(0, 1), (1, 0), (1, 1)]));
}

#[test]
fn dl_08_a_leak_when_the_context_ends_first() {
    fn answer(capacity: usize) {
        let answer = chan!(u32, capacity);
        let (ctx, cancel) = background().with_cancel();
        go!([answer] {
            let _ = answer.send(42);
        });
        go!({
            cancel.cancel();
        });
        select! {
            _ = <-answer => {}
            <-ctx.done() => {}
        }
        // The handle outlives the call, as one in a struct would.
        std::mem::forget(answer);
    }
    fails(|| answer(0), "leaked");
    assert!(count(|| answer(1)) > 1);
}

#[test]
fn dl_08_a_double_close() {
    let text = panic_of(|| {
        all().run(|| {
            let ch = chan!(u32);
            let closers: [_; 2] = std::array::from_fn(|_| {
                go!([ch] {
                    if !ch.is_closed() {
                        close!(ch);
                    }
                })
            });
            for closer in closers {
                if let Err(payload) = closer.join() {
                    std::panic::resume_unwind(payload);
                }
            }
        });
    });
    assert!(text.contains("close of closed channel"), "{text}");
}

/// The example of the documentation.
#[test]
fn dl_08_transfers_meet() {
    fn transfers(in_order: bool) {
        let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
        let transfer = |from: usize, to: usize| {
            let accounts = accounts.clone();
            go!({
                let (one, two) = if in_order { (from.min(to), from.max(to)) } else { (from, to) };
                let (mut one, mut two) = (accounts[one].lock(), accounts[two].lock());
                *one += 1;
                *two -= 1;
            })
        };
        let transfers = [transfer(0, 1), transfer(1, 0)];
        transfers.into_iter().for_each(|transfer| transfer.join().unwrap());
        assert_eq!(*accounts[0].lock() + *accounts[1].lock(), 20);
    }
    fails(|| transfers(false), DEADLOCK);
    let coverage = all().cover(|| transfers(true));
    assert!(coverage.to_string().starts_with("all 4 interleavings pass (of at most "), "{coverage}");
    println!("{coverage}");
}

#[test]
fn dl_08_a_timeout_strikes_where_it_is_asked_to() {
    fn program() {
        let (answer, done) = (chan!(u32, 1), chan!((), 1));
        go!([answer, done] {
            sleep(Duration::from_secs(1));
            send!(done <- ());
            send!(answer <- 1);
        });
        recv!(done);
        // The answer comes at once, unless a second passes before.
        let answered = answer.recv_timeout(Duration::from_secs(1)).is_ok();
        assert!(answered, "given up");
    }
    all().run(program);
    let text = panic_of(|| all().jumps(1).run(program));
    assert!(text.contains("given up"), "{text}");
}
