//! Row DL-08: `#[gochan::test(explore = …)]` against the bugs that people write, as they write them: each program beside
//! its mended twin. A bug must be found wherever the exploration begins, not by luck, and a twin pass everywhere.

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use common::exploration::{DEADLOCK, LEAK, classics, finds, join_all, passes};
use common::panic_of;
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::{
    Cond, Map, Mutex, Once, OnceCell, Pool, RwLock, Semaphore, atomic, errgroup, singleflight,
};
use gochan::time::{self, Timer, after_func, sleep};

const SECOND: Duration = Duration::from_secs(1);

classics! {
    /// Looks at a flag of std's, then waits; the signal in between reaches nobody.
    flag_then_wait(DEADLOCK) |buggy| {
        let ready = Arc::new(AtomicBool::new(false));
        let signal = chan!((), usize::from(!buggy));
        go!([ready, signal] {
            ready.store(true, SeqCst);
            let _ = signal.try_send(());
        });
        if !ready.load(SeqCst) {
            recv!(signal);
        }
    };

    /// The same by a condition variable, looked at outside of its lock.
    condition_looked_at_outside_of_the_lock(DEADLOCK) |buggy| {
        let shared = Arc::new((Mutex::new(()), Cond::new(), AtomicBool::new(false)));
        let waiter = go!([shared] {
            let (lock, cond, ready) = &*shared;
            if buggy {
                if !ready.load(SeqCst) {
                    let guard = lock.lock();
                    drop(cond.wait(guard));
                }
            } else {
                let mut guard = lock.lock();
                while !ready.load(SeqCst) {
                    guard = cond.wait(guard);
                }
            }
        });
        if buggy {
            shared.2.store(true, SeqCst);
        } else {
            let _guard = shared.0.lock();
            shared.2.store(true, SeqCst);
        }
        shared.1.signal();
        join_all([waiter]);
    };

    /// One signal for two waiters.
    signal_where_a_broadcast_is_meant(DEADLOCK) |buggy| {
        let shared = Arc::new((Mutex::new(false), Cond::new()));
        let waiters: Vec<_> = (0..2)
            .map(|_| go!([shared] {
                let (ready, cond) = &*shared;
                let mut ready = ready.lock();
                while !*ready {
                    ready = cond.wait(ready);
                }
            }))
            .collect();
        *shared.0.lock() = true;
        if buggy { shared.1.signal() } else { shared.1.broadcast() }
        join_all(waiters);
    };

    /// `if` in place of `while` around a wait.
    wait_without_a_loop("took from nothing") |buggy| {
        let shared = Arc::new((Mutex::new(Vec::new()), Cond::new()));
        let takers: Vec<_> = (0..2)
            .map(|_| go!([shared] {
                let (queue, cond) = &*shared;
                let mut queue = queue.lock();
                if buggy {
                    if queue.is_empty() {
                        queue = cond.wait(queue);
                    }
                } else {
                    queue = cond.wait_while(queue, |queue| queue.is_empty());
                }
                queue.pop().expect("took from nothing");
            }))
            .collect();
        for i in 0..2 {
            shared.0.lock().push(i);
            shared.1.broadcast();
            gosched();
        }
        join_all(takers);
    };

    add_inside_of_the_goroutine("before all were done") |buggy| {
        let wg = WaitGroup::new();
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            if !buggy {
                wg.add(1);
            }
            go!([wg, done] {
                if buggy {
                    wg.add(1);
                }
                done.fetch_add(1, SeqCst);
                wg.done();
            });
        }
        // Some of these the group sees by itself.
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wg.wait())) {
            Ok(()) => assert_eq!(done.load(SeqCst), 3, "before all were done"),
            Err(_) => panic!("before all were done"),
        }
    };

    /// The count goes down before the work is done.
    done_too_early("work is missing") |buggy| {
        let wg = WaitGroup::new();
        let work = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            wg.add(1);
            go!([wg, work] {
                if buggy {
                    wg.done();
                    work.fetch_add(1, SeqCst);
                } else {
                    work.fetch_add(1, SeqCst);
                    wg.done();
                }
            });
        }
        wg.wait();
        assert_eq!(work.load(SeqCst), 2, "work is missing");
    };

    /// One way out forgets to count down.
    done_left_out_on_an_early_return(DEADLOCK) |buggy| {
        let wg = WaitGroup::new();
        let jobs = chan!(u32, 1);
        send!(jobs <- 1);
        for _ in 0..2 {
            wg.add(1);
            go!([wg, jobs] {
                if jobs.try_recv().is_err() && buggy {
                    return;
                }
                wg.done();
            });
        }
        wg.wait();
    };

    /// Asks, does not wait for the answer for long enough, and leaves the one who answers behind.
    answer_after_the_timeout(LEAK) |buggy| {
        let answer = chan!(u32, usize::from(!buggy));
        go!([answer] {
            sleep(SECOND);
            let _ = answer.send(1);
        });
        select! {
            _ = <-answer => {}
            <-after(SECOND) => {}
        }
        std::mem::forget(answer);
    };

    /// Of several who answer only the first is heard.
    first_answer_wins(LEAK) |buggy| {
        let answers = chan!(u32, if buggy { 0 } else { 3 });
        for i in 0..3 {
            go!([answers] {
                let _ = answers.send(i);
            });
        }
        recv!(answers);
        std::mem::forget(answers);
    };

    two_who_close("close of closed channel") |buggy| {
        let done = chan!(());
        let once = Arc::new(Once::new());
        let closers = (0..2).map(|_| go!([done, once] {
            if buggy {
                if done.try_recv() != Err(TryRecvError::Closed) {
                    close!(done);
                }
            } else {
                once.call_once(|| close!(done));
            }
        }));
        join_all(closers.collect::<Vec<_>>());
    };

    /// The first of two senders to be through closes.
    send_after_close("send on closed channel") |buggy| {
        let ch = chan!(u32, 2);
        let wg = WaitGroup::new();
        wg.add(2);
        let senders: Vec<_> = (0..2)
            .map(|i| go!([ch, wg] {
                defer!(wg.done());
                send!(ch <- i);
                if buggy {
                    ch.close();
                }
            }))
            .collect();
        if !buggy {
            wg.wait();
            ch.close();
        }
        join_all(senders);
        assert_eq!(ch.iter().count(), 2);
    };

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

    map_check_then_act("stored over") |buggy| {
        let map = Arc::new(Map::new());
        let won = Arc::new(AtomicUsize::new(0));
        let users = (0..2).map(|i| go!([map, won] {
            if buggy {
                if map.load(&"key").is_none() {
                    map.store("key", i);
                    won.fetch_add(1, SeqCst);
                }
            } else if !map.load_or_store("key", i).1 {
                won.fetch_add(1, SeqCst);
            }
        }));
        join_all(users.collect::<Vec<_>>());
        assert_eq!(won.load(SeqCst), 1, "stored over");
    };

    map_counts_by_load_and_store("an update is lost") |buggy| {
        let map = Arc::new(Map::new());
        map.store("hits", 0);
        let adders = (0..2).map(|_| go!([map] {
            loop {
                let now = map.load(&"hits").unwrap();
                if buggy {
                    map.store("hits", now + 1);
                    break;
                }
                if map.compare_and_swap("hits", &now, now + 1) {
                    break;
                }
            }
        }));
        join_all(adders.collect::<Vec<_>>());
        assert_eq!(map.load(&"hits"), Some(2), "an update is lost");
    };

    /// Nothing of gochan's is between the two but the request to let others run.
    atomic_check_then_act("an update is lost") |buggy| {
        let count = Arc::new(AtomicUsize::new(0));
        let adders = (0..2).map(|_| go!([count] {
            if buggy {
                let now = count.load(SeqCst);
                gosched();
                count.store(now + 1, SeqCst);
            } else {
                gosched();
                count.fetch_add(1, SeqCst);
            }
        }));
        join_all(adders.collect::<Vec<_>>());
        assert_eq!(count.load(SeqCst), 2, "an update is lost");
    };

    /// As above, with atomics that explorations see.
    counter_of_load_and_store("an update is lost") |buggy| {
        let count = Arc::new(atomic::AtomicUsize::new(0));
        let adders = (0..2).map(|_| go!([count] {
            if buggy {
                let now = count.load(SeqCst);
                count.store(now + 1, SeqCst);
            } else {
                count.fetch_add(1, SeqCst);
            }
        }));
        join_all(adders.collect::<Vec<_>>());
        assert_eq!(count.load(SeqCst), 2, "an update is lost");
    };

    /// Two see that it is open, before either says that it is not.
    flag_in_place_of_a_once("close of closed channel") |buggy| {
        let (done, closed) = (chan!(()), Arc::new(atomic::AtomicBool::new(false)));
        let closers = (0..2).map(|_| go!([done, closed] {
            let mine = if buggy {
                let open = !closed.load(SeqCst);
                closed.store(true, SeqCst);
                open
            } else {
                !closed.swap(true, SeqCst)
            };
            if mine {
                close!(done);
            }
        }));
        join_all(closers.collect::<Vec<_>>());
    };

    cell_is_looked_at_and_then_set("set twice") |buggy| {
        let cell = Arc::new(OnceCell::new());
        let setters = (0..2).map(|i| go!([cell] {
            if buggy {
                if cell.get().is_none() {
                    cell.set(i).expect("set twice");
                }
            } else {
                cell.get_or_init(|| i);
            }
        }));
        join_all(setters.collect::<Vec<_>>());
    };

    /// Publishes that it is ready before it is.
    once_that_completes_too_early("not ready") |buggy| {
        let state = Arc::new((Once::new(), AtomicBool::new(false)));
        let users = (0..2).map(|_| go!([state] {
            let (once, ready) = &*state;
            if buggy {
                once.call_once(|| {});
                if once.is_completed() && !ready.load(SeqCst) {
                    gosched();
                }
            } else {
                once.call_once(|| ready.store(true, SeqCst));
            }
            ready.load(SeqCst)
        }));
        let seen = join_all(users.collect::<Vec<_>>());
        assert!(seen.into_iter().all(|ready| ready), "not ready");
    };

    /// Two initialisers that need each other.
    once_in_a_circle(DEADLOCK) |buggy| {
        let cells = Arc::new((OnceCell::new(), OnceCell::new()));
        let first = go!([cells] {
            *cells.0.get_or_init(|| 1 + if buggy { *cells.1.get_or_init(|| 1) } else { 1 })
        });
        let second = go!([cells] {
            *cells.1.get_or_init(|| 1 + if buggy { *cells.0.get_or_init(|| 1) } else { 1 })
        });
        join_all([first, second]);
    };

    /// Waits for the workers before it reads what they send.
    wait_then_drain(DEADLOCK) |buggy| {
        let results = chan!(u32, 2);
        let wg = WaitGroup::new();
        for i in 0..2 {
            wg.add(1);
            go!([results, wg] {
                defer!(wg.done());
                send!(results <- i);
                // One more, if there is nobody to be in the way.
                if results.len() == 1 {
                    send!(results <- i);
                }
            });
        }
        if buggy {
            wg.wait();
            close!(results);
        } else {
            go!([results, wg] {
                wg.wait();
                close!(results);
            });
        }
        assert!(results.iter().count() >= 2);
    };

    /// Looks whether it is cancelled, and then waits for something else.
    cancel_missed_between_check_and_wait(LEAK) |buggy| {
        let (ctx, cancel) = background().with_cancel();
        let jobs = chan!(u32);
        go!([ctx, jobs] {
            while ctx.err().is_none() {
                if buggy {
                    if jobs.recv().is_none() {
                        return;
                    }
                } else {
                    select! {
                        _ = <-jobs => {}
                        <-ctx.done() => {}
                    }
                }
            }
        });
        gosched();
        cancel.cancel();
        std::mem::forget(jobs);
    };

    /// Acts on a context that was alive a moment ago.
    context_check_then_act("began after the end") |buggy| {
        let (ctx, cancel) = background().with_cancel();
        let (over, began) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(())));
        let worker = go!([ctx, over, began] {
            let guard = if buggy { None } else { Some(began.lock()) };
            if ctx.err().is_none() {
                assert!(!over.load(SeqCst), "began after the end");
            }
            drop(guard);
        });
        let guard = if buggy { None } else { Some(began.lock()) };
        cancel.cancel();
        over.store(true, SeqCst);
        drop(guard);
        join_all([worker]);
    };

    /// Counts on `stop` to mean that the function will not be running.
    after_func_runs_although_stopped("used after it was closed") |buggy| {
        let (ctx, cancel) = background().with_cancel();
        let open = Arc::new(AtomicBool::new(true));
        let finished = chan!((), 1);
        let stop = ctx.after_func({
            let (open, finished) = (open.clone(), finished.clone());
            move || {
                assert!(open.load(SeqCst), "used after it was closed");
                send!(finished <- ());
            }
        });
        let canceller = go!({ cancel.cancel() });
        if !stop.stop() && !buggy {
            recv!(finished);
        }
        open.store(false, SeqCst);
        join_all([canceller]);
    };

    /// A timer that was stopped too late has run its function.
    timer_stopped_too_late("the request was answered twice") |buggy| {
        let answered = Arc::new(AtomicUsize::new(0));
        let timeout = after_func(SECOND, {
            let answered = answered.clone();
            move || {
                answered.fetch_add(1, SeqCst);
            }
        });
        sleep(SECOND);
        let stopped = timeout.stop();
        if buggy || stopped {
            answered.fetch_add(1, SeqCst);
        }
        gochan::test::wait();
        assert!(answered.load(SeqCst) == 1, "the request was answered twice");
    };

    /// A timeout and the answer at the same time: the select takes either.
    timer_and_answer_at_once("no answer") |buggy| {
        let answer = chan!(u32, 1);
        go!([answer] {
            sleep(SECOND);
            send!(answer <- 1);
        });
        let timer = Timer::new(SECOND);
        let got = select! {
            v = <-answer => Some(v),
            <-timer.channel() => if buggy { None } else { answer.recv() },
        };
        assert_eq!(got, Some(1), "no answer");
    };

    /// `default` takes what is not ready yet for nothing at all.
    default_drops_what_is_not_taken_at_once("a value is lost") |buggy| {
        let events = chan!(u32);
        let listener = go!([events] { events.iter().count() });
        gosched();
        for i in 0..2 {
            if buggy {
                select! {
                    events <- i => {}
                    default => {}
                }
            } else {
                send!(events <- i);
            }
        }
        close!(events);
        assert_eq!(join_all([listener]), [2], "a value is lost");
    };

    /// Permits for two, taken one at a time.
    semaphore_in_portions(DEADLOCK) |buggy| {
        let permits = Arc::new(Semaphore::new(2));
        let users = (0..2).map(|_| go!([permits] {
            let ctx = background();
            if buggy {
                permits.acquire(&ctx, 1).unwrap();
                permits.acquire(&ctx, 1).unwrap();
            } else {
                permits.acquire(&ctx, 2).unwrap();
            }
            permits.release(2);
        }));
        join_all(users.collect::<Vec<_>>());
    };

    /// Releases, though it was cancelled before it had acquired.
    semaphore_released_without_acquire("released more than held") |buggy| {
        let permits = Arc::new(Semaphore::new(1));
        let (ctx, cancel) = background().with_cancel();
        let users: Vec<_> = (0..2)
            .map(|_| go!([permits, ctx] {
                let acquired = permits.acquire(&ctx, 1);
                if buggy || acquired.is_ok() {
                    gosched();
                    permits.release(1);
                }
            }))
            .collect();
        cancel.cancel();
        join_all(users);
    };

    /// A task of a full group adds another one to it.
    errgroup_task_waits_for_room(DEADLOCK) |buggy| {
        let group = errgroup::Group::<String>::new();
        group.set_limit(2);
        for _ in 0..2 {
            let inner = group.clone();
            group.go(move || {
                if buggy {
                    inner.go(|| Ok(()));
                } else if !inner.try_go(|| Ok(())) {
                    // Then it does it itself.
                }
                Ok(())
            });
        }
        assert_eq!(group.wait(), Ok(()));
    };

    /// Goes on sending to the group's other half, which has failed.
    errgroup_sender_does_not_look_at_the_context(DEADLOCK) |buggy| {
        let (group, ctx) = errgroup::Group::<String>::with_context(&background());
        let values = chan!(u32);
        group.go({
            let (values, ctx) = (values.clone(), ctx.clone());
            move || {
                for i in 0..2 {
                    if buggy {
                        let _ = values.send(i);
                    } else {
                        select! {
                            values <- i => {}
                            <-ctx.done() => return Ok(()),
                        }
                    }
                }
                Ok(())
            }
        });
        let failing = values.clone();
        group.go(move || {
            recv!(failing);
            Err("no more".to_owned())
        });
        assert_eq!(group.wait(), Err("no more".to_owned()));
    };

    /// Assumes that everybody gets the result of one call.
    singleflight_is_no_cache("called twice") |buggy| {
        let group = singleflight::Group::new();
        let calls = Arc::new(AtomicUsize::new(0));
        let kept = Arc::new(OnceCell::new());
        let askers = (0..2).map(|_| go!([group, calls, kept] {
            let call = || {
                calls.fetch_add(1, SeqCst);
                7
            };
            if buggy { group.run("key", call).0 } else { *kept.get_or_init(call) }
        }));
        assert_eq!(join_all(askers.collect::<Vec<_>>()), [7, 7]);
        assert_eq!(calls.load(SeqCst), 1, "called twice");
    };

    /// Keeps using what it has given back.
    pool_used_after_put("changed by somebody else") |buggy| {
        let pool = Arc::new(Pool::new(|| Arc::new(StdMutex::new(0))));
        let users = (1..=2).map(|i| go!([pool] {
            let buffer = pool.get();
            *buffer.lock().unwrap() = i;
            let alias = buffer.clone();
            if buggy {
                pool.put(buffer);
                assert_eq!(*alias.lock().unwrap(), i, "changed by somebody else");
            } else {
                assert_eq!(*alias.lock().unwrap(), i, "changed by somebody else");
                pool.put(buffer);
            }
        }));
        join_all(users.collect::<Vec<_>>());
    };

    /// Holds the lock while it waits for somebody who needs it.
    lock_held_across_a_receive(DEADLOCK) |buggy| {
        let (lock, values) = (Arc::new(Mutex::new(0)), chan!(u32));
        let producer = go!([lock, values] {
            *lock.lock() += 1;
            send!(values <- 1);
        });
        let consumer = go!([lock, values] {
            let guard = lock.lock();
            if buggy {
                recv!(values);
                drop(guard);
            } else {
                drop(guard);
                recv!(values);
            }
        });
        join_all([producer, consumer]);
    };

    /// A mutex and a channel of one token, taken in different orders.
    abba_through_a_channel(DEADLOCK) |buggy| {
        let (lock, token) = (Arc::new(Mutex::new(())), chan!((), 1));
        let one = go!([lock, token] {
            let _guard = lock.lock();
            send!(token <- ());
            recv!(token);
        });
        let other = go!([lock, token] {
            if buggy {
                send!(token <- ());
                drop(lock.lock());
                recv!(token);
            } else {
                let _guard = lock.lock();
                send!(token <- ());
                recv!(token);
            }
        });
        join_all([one, other]);
    };

    /// Joins a goroutine that waits for the joiner.
    join_before_close(DEADLOCK) |buggy| {
        let ch = chan!(u32, 1);
        let counter = go!([ch] { ch.iter().count() });
        send!(ch <- 1);
        if !buggy {
            close!(ch);
        }
        join_all([counter]);
        ch.close();
    };

    /// Polls whether the goroutine is through, and then takes for granted what it does last.
    finished_is_not_asked("not yet") |buggy| {
        let log = Arc::new(StdMutex::new(Vec::new()));
        let writer = go!([log] {
            log.lock().unwrap().push(1);
            gosched();
            log.lock().unwrap().push(2);
        });
        if buggy {
            while log.lock().unwrap().is_empty() {
                gosched();
            }
        } else {
            while !writer.is_finished() {
                gosched();
            }
        }
        assert_eq!(log.lock().unwrap().len(), 2, "not yet");
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

    /// The length says that there is something, and somebody else takes it.
    len_then_receive(DEADLOCK) |buggy| {
        let jobs = chan!(u32, 2);
        send!(jobs <- 1);
        let workers = (0..2).map(|_| go!([jobs] {
            if buggy {
                if !jobs.is_empty() {
                    recv!(jobs);
                }
            } else {
                let _ = jobs.try_recv();
            }
        }));
        join_all(workers.collect::<Vec<_>>());
    };

    /// There is room, and somebody else takes it.
    room_then_send(DEADLOCK) |buggy| {
        let slots = chan!(u32, 1);
        let workers = (0..2).map(|i| go!([slots] {
            if buggy {
                if !slots.is_full() {
                    send!(slots <- i);
                }
            } else {
                let _ = slots.try_send(i);
            }
        }));
        join_all(workers.collect::<Vec<_>>());
    };

    /// The value is stored after the channel says that it is there.
    closed_before_written("not written") |buggy| {
        let (value, ready) = (Arc::new(AtomicUsize::new(0)), chan!(()));
        go!([value, ready] {
            if buggy {
                close!(ready);
                value.store(7, SeqCst);
            } else {
                value.store(7, SeqCst);
                close!(ready);
            }
        });
        recv!(ready);
        assert_eq!(value.load(SeqCst), 7, "not written");
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

    /// A deadline of a context and a result at the same time.
    context_deadline_and_result("gave up although it was done") |buggy| {
        let (ctx, _cancel) = background().with_timeout(SECOND);
        let result = chan!(u32, 1);
        go!([result] {
            sleep(SECOND);
            send!(result <- 1);
        });
        let got = select! {
            v = <-result => Some(v),
            <-ctx.done() => if buggy { None } else { result.recv_timeout(SECOND).ok() },
        };
        assert_eq!(got, Some(1), "gave up although it was done");
    };

    /// Two tickers, of which one is expected to be the first.
    ticks_at_the_same_time("in this order") |buggy| {
        let order = Arc::new(StdMutex::new(Vec::new()));
        let tickers: Vec<_> = (0..2)
            .map(|i| go!([order] {
                sleep(SECOND);
                order.lock().unwrap().push(i);
            }))
            .collect();
        join_all(tickers);
        let order = order.lock().unwrap();
        assert!(!buggy || *order == [0, 1], "in this order");
        assert!(time::now() > time::now() - SECOND);
    };
}

#[test]
fn dl_08_a_bug_without_a_symptom_is_none() {
    assert!(panic_of(|| finds("anything", || {})).contains("not found"));
}
