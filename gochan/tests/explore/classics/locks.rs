//! Locks: their order, and what is not done under them.

use super::*;

classics! {
    /// Two accounts, locked from both sides.
    transfers_in_both_directions(DEADLOCK) |buggy| {
        let accounts = Arc::new([Mutex::new(100), Mutex::new(100)]);
        let transfer = |from: usize, to: usize| {
            let accounts = accounts.clone();
            go!({
                let mut pair = [from, to];
                if !buggy {
                    pair.sort_unstable();
                }
                let (mut first, mut second) = (accounts[pair[0]].lock(), accounts[pair[1]].lock());
                let amount = if pair[0] == from { 10 } else { -10 };
                *first -= amount;
                *second += amount;
            })
        };
        join_all([transfer(0, 1), transfer(1, 0)]);
        assert_eq!(*accounts[0].lock() + *accounts[1].lock(), 200);
    };

    philosophers(DEADLOCK) |buggy| {
        let forks: Arc<Vec<_>> = Arc::new((0..3).map(|_| Mutex::new(())).collect());
        let philosophers = (0..3).map(|i| go!([forks] {
            let (left, right) = (i, (i + 1) % 3);
            let (first, second) = if buggy { (left, right) } else { (left.min(right), left.max(right)) };
            let _first = forks[first].lock();
            let _second = forks[second].lock();
        }));
        join_all(philosophers.collect::<Vec<_>>());
    };

    /// Both want to become the writer, and neither lets go of its read.
    rwlock_upgrade(DEADLOCK) |buggy| {
        let lock = Arc::new(RwLock::new(0));
        let upgraders = (0..2).map(|_| go!([lock] {
            let seen = lock.read();
            if *seen == 0 {
                if buggy {
                    *lock.write() += 1;
                } else {
                    drop(seen);
                    *lock.write() += 1;
                }
            }
        }));
        join_all(upgraders.collect::<Vec<_>>());
    };

    /// A reader that reads again while a writer waits.
    rwlock_recursive_read(DEADLOCK) |buggy| {
        let lock = Arc::new(RwLock::new(0));
        let reader = go!([lock] {
            let outer = lock.read();
            if buggy {
                let inner = lock.read();
                assert_eq!(*outer, *inner);
            }
        });
        let writer = go!([lock] { *lock.write() += 1 });
        join_all([reader, writer]);
    };

    /// A result that was read under one lock is written under the next.
    read_modify_write_in_two_locks("an update is lost") |buggy| {
        let count = Arc::new(Mutex::new(0));
        let adders = (0..2).map(|_| go!([count] {
            if buggy {
                let now = *count.lock();
                *count.lock() = now + 1;
            } else {
                *count.lock() += 1;
            }
        }));
        join_all(adders.collect::<Vec<_>>());
        assert_eq!(*count.lock(), 2, "an update is lost");
    };

    /// The same, of an RwLock.
    check_under_read_act_under_write("done twice") |buggy| {
        let table = Arc::new(RwLock::new(HashMap::new()));
        let made = Arc::new(AtomicUsize::new(0));
        let users = (0..2).map(|_| go!([table, made] {
            if table.read().contains_key("key") {
                return;
            }
            let mut table = table.write();
            if buggy || !table.contains_key("key") {
                made.fetch_add(1, SeqCst);
                table.insert("key", 1);
            }
        }));
        join_all(users.collect::<Vec<_>>());
        assert_eq!(made.load(SeqCst), 1, "done twice");
    };

    /// A try_lock that gives up is taken for one that has done the work.
    try_lock_gives_up("left out") |buggy| {
        let count = Arc::new(Mutex::new(0));
        let adders = (0..2).map(|_| go!([count] {
            if buggy {
                if let Some(mut count) = count.try_lock() {
                    *count += 1;
                    gosched();
                }
            } else {
                *count.lock() += 1;
                gosched();
            }
        }));
        join_all(adders.collect::<Vec<_>>());
        assert_eq!(*count.lock(), 2, "left out");
    };

    /// A goroutine for each turn, and the last word has whoever comes last.
    last_writer_wins("stale") |buggy| {
        let latest = Arc::new(StdMutex::new((0, 0)));
        let writers = (1..=2).map(|version| go!([latest] {
            let mut latest = latest.lock().unwrap();
            if buggy || latest.0 < version {
                *latest = (version, version * 10);
            }
        }));
        join_all(writers.collect::<Vec<_>>());
        assert_eq!(*latest.lock().unwrap(), (2, 20), "stale");
    };

    /// Needs three goroutines in one order, with two switches inside of one of them.
    three_deep("the one order") |buggy| {
        let state = Arc::new(Mutex::new(0));
        let steps = (0..3).map(|me| go!([state] {
            if buggy {
                let before = *state.lock();
                let mut state = state.lock();
                if *state == before + 2 {
                    *state = 100;
                } else {
                    *state += 1;
                }
            } else {
                *state.lock() += 1;
            }
            me
        }));
        join_all(steps.collect::<Vec<_>>());
        assert!(*state.lock() < 100, "the one order");
    };
}
