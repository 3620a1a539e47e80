//! Row DL-08: `#[gochan::test(explore = …)]` against bugs in programs of some size: pools, caches, servers, barriers, with
//! more goroutines and more steps than a bug needs.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::time::Duration;

use crate::common::exploration::{DEADLOCK, LEAK, classics, finds, join_all, passes};
use gochan::Select;
use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::{Cond, Map, Mutex, RwLock, Semaphore, errgroup};
use gochan::time::{Ticker, sleep};

/// A queue of one place with one condition for both sides.
struct Bounded {
    queue: Mutex<VecDeque<u32>>,
    changed: Cond,
    wakes_all: bool,
}

impl Bounded {
    fn put(&self, value: u32) {
        let mut queue = self.changed.wait_while(self.queue.lock(), |queue| !queue.is_empty());
        queue.push_back(value);
        self.tell();
    }

    fn take(&self) -> u32 {
        let mut queue = self.changed.wait_while(self.queue.lock(), |queue| queue.is_empty());
        let value = queue.pop_front().expect("waited for");
        self.tell();
        value
    }

    fn tell(&self) {
        if self.wakes_all { self.changed.broadcast() } else { self.changed.signal() }
    }
}

/// Lets `size` goroutines through together, again and again.
struct Barrier {
    size: usize,
    /// How many have come, and which round it is.
    state: Mutex<(usize, usize)>,
    open: Cond,
    counts_rounds: bool,
}

impl Barrier {
    fn pass(&self) {
        let mut state = self.state.lock();
        state.0 += 1;
        if state.0 == self.size {
            *state = (0, state.1 + 1);
            self.open.broadcast();
            return;
        }
        let round = state.1;
        if self.counts_rounds {
            drop(self.open.wait_while(state, |state| state.1 == round));
        } else {
            // By the time it looks, others may have come for the next round.
            drop(self.open.wait_while(state, |state| state.0 != 0));
        }
    }
}

classics! {
    /// One wake goes to somebody who can do nothing with it.
    one_condition_for_two_sides(DEADLOCK) |buggy| {
        let bounded = Arc::new(Bounded {
            queue: Mutex::new(VecDeque::new()),
            changed: Cond::new(),
            wakes_all: !buggy,
        });
        let producers = (0..3).map(|i| go!([bounded] {
            bounded.put(i);
            0
        }));
        let producers: Vec<_> = producers.collect();
        let consumers: Vec<_> = (0..3).map(|_| go!([bounded] { bounded.take() })).collect();
        assert_eq!(join_all(producers.into_iter().chain(consumers)).iter().sum::<u32>(), 3);
    };

    barrier_without_rounds(DEADLOCK) |buggy| {
        let barrier = Arc::new(Barrier {
            size: 3,
            state: Mutex::new((0, 0)),
            open: Cond::new(),
            counts_rounds: !buggy,
        });
        let walkers = (0..3).map(|_| go!([barrier] {
            for _ in 0..3 {
                barrier.pass();
            }
        }));
        join_all(walkers.collect::<Vec<_>>());
    };

    /// The first worker that finds no more jobs closes the results.
    first_worker_closes_the_results("send on closed channel") |buggy| {
        let (jobs, results) = (chan!(u32, 4), chan!(u32, 4));
        (0..4).for_each(|job| send!(jobs <- job));
        close!(jobs);
        let left = Arc::new(AtomicUsize::new(3));
        let workers: Vec<_> = (0..3)
            .map(|_| go!([jobs, results, left] {
                for job in &jobs {
                    send!(results <- job * job);
                }
                if buggy {
                    results.close();
                } else if left.fetch_sub(1, SeqCst) == 1 {
                    close!(results);
                }
            }))
            .collect();
        let sum: u32 = results.iter().sum();
        join_all(workers);
        assert_eq!(sum, 1 + 4 + 9);
    };

    /// Tells its subscribers while it holds the lock that unsubscribing takes.
    publisher_holds_the_lock(DEADLOCK) |buggy| {
        type Subscribers = Arc<Mutex<BTreeMap<u32, Chan<u32>>>>;
        let subscribers: Subscribers = Arc::default();
        let readers: Vec<_> = (0..2)
            .map(|id| {
                let events = chan!(u32);
                subscribers.lock().insert(id, events.clone());
                go!([subscribers] {
                    recv!(events);
                    // Enough of that.
                    subscribers.lock().remove(&id);
                    // The handle that is left in the publisher's list of now must not hold it up.
                    if !buggy {
                        drop(events);
                    } else {
                        std::mem::forget(events);
                    }
                })
            })
            .collect();
        let publisher = go!([subscribers] {
            for event in 0..2 {
                if buggy {
                    for events in subscribers.lock().values() {
                        let _ = events.send(event);
                    }
                } else {
                    let now: Vec<_> = subscribers.lock().values().map(Chan::sender).collect();
                    for events in now {
                        let _ = events.send_timeout(event, Duration::from_secs(1));
                    }
                }
            }
        });
        join_all(readers.into_iter().chain([publisher]));
    };

    /// Computes outside of the lock what somebody else is computing already.
    stampede("computed twice") |buggy| {
        let cache = Arc::new(Mutex::new(HashMap::new()));
        let computed = Arc::new(AtomicUsize::new(0));
        let askers = (0..4).map(|_| go!([cache, computed] {
            let mut held = cache.lock();
            if let Some(value) = held.get("key") {
                return *value;
            }
            if buggy {
                drop(held);
                computed.fetch_add(1, SeqCst);
                held = cache.lock();
            } else {
                computed.fetch_add(1, SeqCst);
            }
            held.insert("key", 7);
            7
        }));
        join_all(askers.collect::<Vec<_>>());
        assert_eq!(computed.load(SeqCst), 1, "computed twice");
    };

    five_philosophers(DEADLOCK) |buggy| {
        let forks: Arc<Vec<_>> = Arc::new((0..5).map(|_| chan!((), 1)).collect());
        let philosophers = (0..5).map(|i| go!([forks] {
            let (mut first, mut second) = (i, (i + 1) % 5);
            if !buggy && first > second {
                std::mem::swap(&mut first, &mut second);
            }
            for _ in 0..2 {
                send!(forks[first] <- ());
                send!(forks[second] <- ());
                recv!(forks[second]);
                recv!(forks[first]);
            }
        }));
        join_all(philosophers.collect::<Vec<_>>());
    };

    /// A way out by an error keeps the permit.
    permit_is_not_given_back(DEADLOCK) |buggy| {
        let permits = Arc::new(Semaphore::new(1));
        let (ctx, cancel) = background().with_cancel();
        let workers: Vec<_> = (0..3)
            .map(|_| go!([permits, ctx] {
                permits.acquire(&background(), 1).unwrap();
                if ctx.check().is_err() {
                    if !buggy {
                        permits.release(1);
                    }
                    return;
                }
                gosched();
                permits.release(1);
            }))
            .collect();
        cancel.cancel();
        join_all(workers);
    };

    /// A handler that is not waited for sends to what the shutdown has closed.
    shutdown_does_not_wait_for_the_handlers("send on closed channel") |buggy| {
        let (requests, log) = (chan!(u32), chan!(u32, 8));
        let handlers = WaitGroup::new();
        let server = go!([requests, log, handlers] {
            for request in &requests {
                handlers.add(1);
                go!([log, handlers] {
                    defer!(handlers.done());
                    gosched();
                    send!(log <- request);
                });
            }
        });
        for request in 0..3 {
            send!(requests <- request);
        }
        close!(requests);
        join_all([server]);
        if !buggy {
            handlers.wait();
        }
        close!(log);
        handlers.wait();
        assert_eq!(log.iter().count(), 3);
    };

    /// A producer of which nobody takes the rest.
    consumer_that_leaves_early(LEAK) |buggy| {
        let (ctx, cancel) = background().with_cancel();
        let numbers = chan!(u32);
        go!([ctx, numbers] {
            for i in 0..5 {
                if buggy {
                    let _ = numbers.send(i);
                } else {
                    select! {
                        numbers <- i => {}
                        <-ctx.done() => return,
                    }
                }
            }
        });
        for number in &numbers {
            if number == 2 {
                break;
            }
        }
        cancel.cancel();
        std::mem::forget(numbers);
    };

    /// Stops the ticker, and not the goroutine that waits for it.
    stopped_ticker_leaves_its_reader(LEAK) |buggy| {
        let ticker = Arc::new(Ticker::new(Duration::from_secs(1)));
        let (ctx, cancel) = background().with_cancel();
        go!([ticker, ctx] {
            loop {
                if buggy {
                    ticker.channel().recv();
                    if ctx.err().is_some() {
                        return;
                    }
                } else {
                    select! {
                        <-ticker.channel() => {}
                        <-ctx.done() => return,
                    }
                }
            }
        });
        sleep(Duration::from_secs(3));
        ticker.stop();
        cancel.cancel();
    };

    /// Everybody passes on the token before taking the next one.
    ring_in_which_all_send_first(DEADLOCK) |buggy| {
        let ring: Arc<Vec<_>> = Arc::new((0..4).map(|_| chan!(u32)).collect());
        let nodes = (0..4).map(|i| go!([ring] {
            let (left, right) = (&ring[i], &ring[(i + 1) % 4]);
            if buggy || i % 2 == 0 {
                send!(right <- 1);
                recv!(left);
            } else {
                recv!(left);
                send!(right <- 1);
            }
        }));
        join_all(nodes.collect::<Vec<_>>());
    };

    /// Two who elect themselves.
    two_leaders("two leaders") |buggy| {
        let (votes, leaders) = (Arc::new(Map::new()), Arc::new(AtomicUsize::new(0)));
        let candidates = (0..3).map(|me| go!([votes, leaders] {
            let elected = if buggy {
                votes.store(me, ());
                votes.len() == 1 || (0..me).all(|other| votes.load(&other).is_none())
            } else {
                !votes.load_or_store(0, ()).1
            };
            if elected {
                leaders.fetch_add(1, SeqCst);
            }
        }));
        join_all(candidates.collect::<Vec<_>>());
        assert_eq!(leaders.load(SeqCst), 1, "two leaders");
    };

    /// A reader between two writes that belong together.
    torn_configuration("torn") |buggy| {
        let parts = Arc::new((RwLock::new(1), RwLock::new(1), RwLock::new(())));
        let writer = go!([parts] {
            let _whole = (!buggy).then(|| parts.2.write());
            *parts.0.write() = 2;
            *parts.1.write() = 2;
        });
        let reader = go!([parts] {
            let _whole = (!buggy).then(|| parts.2.read());
            let (first, second) = (*parts.0.read(), *parts.1.read());
            assert_eq!(first, second, "torn");
        });
        join_all([writer, reader]);
    };

    /// A value goes round, and comes back as if nothing had been.
    compare_and_swap_of_what_came_back("popped twice") |buggy| {
        let top = Arc::new(Map::new());
        top.store("top", (1, 0));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let slow = go!([top, taken] {
            let seen = top.load(&"top").unwrap();
            // Of the pair, the second is a version that a careful program counts up.
            if top.compare_and_swap("top", &seen, (2, seen.1 + 1)) {
                taken.lock().push((seen.0, seen.1));
            }
        });
        let fast = go!([top, taken] {
            for next in [2, 1] {
                let seen = top.load(&"top").unwrap();
                let version = if buggy { 0 } else { seen.1 + 1 };
                if top.compare_and_swap("top", &seen, (next, version)) {
                    taken.lock().push((seen.0, seen.1));
                }
            }
        });
        join_all([slow, fast]);
        let mut taken = taken.lock().clone();
        let all = taken.len();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), all, "popped twice");
    };

    /// The group's context is not what the task listens to.
    errgroup_with_the_wrong_context(DEADLOCK) |buggy| {
        let root = background();
        let (group, ctx) = errgroup::Group::<String>::with_context(&root);
        let listened = if buggy { root.with_cancel() } else { ctx.with_cancel() };
        let (listening, _cancel) = listened;
        group.go(move || {
            listening.done().recv();
            Ok(())
        });
        let flag = chan!((), 1);
        group.go({
            let flag = flag.clone();
            move || {
                send!(flag <- ());
                Err("failed".to_owned())
            }
        });
        recv!(flag);
        assert_eq!(group.wait(), Err("failed".to_owned()));
    };

    /// A select whose arms are put together at run time forgets the one that ends it.
    dynamic_select_without_the_way_out(LEAK) |buggy| {
        let inputs: Vec<_> = (0..3).map(|_| chan!(u32, 1)).collect();
        let (ctx, cancel) = background().with_cancel();
        let listening = inputs.clone();
        go!([ctx] {
            loop {
                let mut select = Select::new();
                let arms: Vec<_> = listening.iter().map(|input| select.recv(input)).collect();
                if !buggy {
                    select.recv(ctx.done());
                }
                let chosen = select.wait();
                let index = chosen.index();
                if index == arms.len() || ctx.err().is_some() {
                    return;
                }
                chosen.recv(arms[index]);
            }
        });
        for (value, input) in inputs.iter().enumerate() {
            send!(input <- value as u32);
        }
        cancel.cancel();
        std::mem::forget(inputs);
    };

    /// Needs one goroutine to be held up in one place while seven others run to their ends.
    one_slow_among_many("overtaken by all") |buggy| {
        let (turn, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let slow = go!([turn, ended] {
            let before = ended.load(SeqCst);
            gosched();
            let after = ended.load(SeqCst);
            assert!(!buggy || before > 0 || after < 7, "overtaken by all");
            turn.store(true, SeqCst);
        });
        let others: Vec<_> = (0..7)
            .map(|_| {
                let ch = chan!(u32, 1);
                go!([ended] {
                    for i in 0..3 {
                        send!(ch <- i);
                        recv!(ch);
                    }
                    ended.fetch_add(1, SeqCst);
                })
            })
            .collect();
        join_all(others.into_iter().chain([slow]));
    };
}
