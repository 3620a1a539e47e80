//! Small programs, each of one mistake.

use super::*;

classics! {
    /// A waiter looks, finds nothing, and then begins to wait; the signal came in between and reached nobody.
    lost_wake_up(DEADLOCK) |buggy| {
        let signal_is_kept = !buggy;
        let ready = Arc::new(AtomicBool::new(false));
        // An unbuffered signal that is not waited for yet is gone.
        let signal = if signal_is_kept { chan!((), 1) } else { chan!(()) };
        go!([signal, ready] {
            ready.store(true, SeqCst);
            let _ = signal.try_send(());
        });
        let looked = ready.load(SeqCst);
        // Any operation on a channel: what is not one is no place to switch at.
        let closed = signal.is_closed();
        if !looked && !closed {
            recv!(signal);
        }
    };

    /// The goroutine counts itself up, which may be after the wait.
    wait_before_add("WaitGroup") |buggy| {
        let add_first = !buggy;
        let wg = WaitGroup::new();
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            if add_first {
                wg.add(1);
            }
            go!([wg, done] {
                if !add_first {
                    wg.add(1);
                }
                defer!(wg.done());
                done.fetch_add(1, SeqCst);
            });
        }
        wg.wait();
        assert_eq!(done.load(SeqCst), 2, "the wait of the WaitGroup is over too early");
    };

    /// Whoever asks gives up after a while; the one who answers is left with nobody to take it.
    send_after_timeout(LEAK) |buggy| {
        let capacity = usize::from(!buggy);
        let answer = chan!(i32, capacity);
        let work = chan!(());
        go!([answer, work] {
            recv!(work);
            let _ = answer.send(42);
        });
        let asked = chan!((), 1);
        go!([asked, work] {
            sleep(Duration::from_secs(1));
            close!(work);
            send!(asked <- ());
        });
        select! {
            _ = <-answer => {}
            <-after(Duration::from_secs(1)) => {}
        }
        recv!(asked);
        // The handle outlives the call, as one in a struct would.
        std::mem::forget(answer);
    };

    /// Two find the channel open, and both close it.
    double_close("close of closed channel") |buggy| {
        let ask_first = buggy;
        let ch = chan!(i32);
        let closers: Vec<_> = (0..2)
            .map(|_| {
                go!([ch] {
                    if ask_first {
                        if !ch.is_closed() {
                            close!(ch);
                        }
                    } else {
                        ch.close();
                    }
                })
            })
            .collect();
        for closer in closers {
            if let Err(payload) = closer.join() {
                std::panic::resume_unwind(payload);
            }
        }
    };

    /// Two mutexes, taken in different orders.
    mutex_order("waits in Mutex lock at") |buggy| {
        let in_order = !buggy;
        let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
        let transfer = |from: usize, to: usize| {
            let accounts = accounts.clone();
            go!({
                let (first, second) = if in_order { (from.min(to), from.max(to)) } else { (from, to) };
                let (mut first, mut second) = (accounts[first].lock(), accounts[second].lock());
                *first -= 1;
                *second += 1;
            })
        };
        let handles = [transfer(0, 1), transfer(1, 0)];
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        assert_eq!(*accounts[0].lock() + *accounts[1].lock(), 20);
    };

    /// A condition is looked at in one critical section, and waited for in another.
    lost_signal(DEADLOCK) |buggy| {
        let looks_while_locked = !buggy;
        let shared = Arc::new((Mutex::new(false), Cond::new()));
        let waiter = go!([shared] {
            let (ready, signal) = &*shared;
            if looks_while_locked {
                drop(signal.wait_while(ready.lock(), |ready| !*ready));
            } else if !*ready.lock() {
                drop(signal.wait(ready.lock()));
            }
        });
        *shared.0.lock() = true;
        shared.1.signal();
        waiter.join().unwrap();
    };

    /// Two goroutines take the two permits that each of them needs one by one.
    permits_one_by_one(DEADLOCK) |buggy| {
        let together = !buggy;
        let semaphore = Arc::new(Semaphore::new(2));
        let handles: Vec<_> = (0..2)
            .map(|_| {
                go!([semaphore] {
                    let ctx = background();
                    if together {
                        semaphore.acquire(&ctx, 2).unwrap();
                    } else {
                        semaphore.acquire(&ctx, 1).unwrap();
                        semaphore.acquire(&ctx, 1).unwrap();
                    }
                    semaphore.release(2);
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    };

    /// Two locks, taken in different orders; a lock is a channel with room for one token.
    lock_order(DEADLOCK) |buggy| {
        let in_order = !buggy;
        let (a, b) = (chan!((), 1), chan!((), 1));
        let both = |first: Chan<()>, second: Chan<()>| {
            move || {
                send!(first <- ());
                send!(second <- ());
                recv!(second);
                recv!(first);
            }
        };
        let one = both(a.clone(), b.clone());
        let other = if in_order { both(a, b) } else { both(b, a) };
        let handles = [go!(one()), go!(other())];
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    };

    /// One holds a lock while it sends to the other, who wants the lock before it receives.
    lock_across_a_channel(DEADLOCK) |buggy| {
        let send_outside = !buggy;
        let (lock, values) = (chan!((), 1), chan!(i32));
        let sender = go!([lock, values] {
            send!(lock <- ());
            if !send_outside {
                send!(values <- 1);
            }
            recv!(lock);
            if send_outside {
                send!(values <- 1);
            }
        });
        let receiver = go!([lock, values] {
            send!(lock <- ());
            recv!(lock);
            recv!(values)
        });
        sender.join().unwrap();
        assert_eq!(receiver.join().unwrap(), 1);
    };

    /// Waits for all who send before it receives what they send.
    wait_then_drain(DEADLOCK) |buggy| {
        let close_in_background = !buggy;
        // Room for one: mostly that is enough.
        let results = chan!(i32, 1);
        let wg = WaitGroup::new();
        for i in 0..2 {
            let results = results.clone();
            drop(wg.go(move || {
                // Only the first counts.
                if results.is_empty() {
                    send!(results <- i);
                }
            }));
        }
        if close_in_background {
            go!([wg, results] {
                wg.wait();
                close!(results);
            });
        } else {
            wg.wait();
            close!(results);
        }
        assert!(results.iter().count() >= 1);
    };

    /// A worker looks whether it is cancelled, and then waits for work only.
    missed_cancel(LEAK) |buggy| {
        let selects = !buggy;
        let (ctx, cancel) = background().with_cancel();
        let jobs = chan!(i32);
        go!([ctx, jobs] {
            while ctx.err().is_none() {
                if selects {
                    select! {
                        _ = <-jobs => {}
                        <-ctx.done() => {}
                    }
                } else {
                    recv!(jobs);
                }
            }
        });
        // Takes the one job that there is, or it does not come to it.
        let _ = jobs.send_timeout(1, Duration::from_secs(1));
        cancel.cancel();
        std::mem::forget(jobs);
    };

    /// A shared count is read, and written in a later step.
    lost_update("an update is lost") |buggy| {
        let holds_token = !buggy;
        let (count, token) = (chan!(i32, 1), chan!((), 1));
        send!(count <- 0);
        send!(token <- ());
        let handles: Vec<_> = (0..2)
            .map(|_| {
                go!([count, token] {
                    if holds_token {
                        recv!(token);
                    }
                    let now = recv!(count);
                    send!(count <- now);
                    let _ = recv!(count);
                    send!(count <- now + 1);
                    if holds_token {
                        send!(token <- ());
                    }
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        assert_eq!(recv!(count), 2, "an update is lost");
    };

    /// Of two ready arms the program counts on the first.
    select_is_not_a_priority("the other came first") |buggy| {
        let biased = !buggy;
        let (urgent, other) = (chan!(i32, 1), chan!(i32, 1));
        send!(urgent <- 1);
        send!(other <- 2);
        let first = if biased {
            select! {
                biased;
                v = <-urgent => v,
                v = <-other => v,
            }
        } else {
            select! {
                v = <-urgent => v,
                v = <-other => v,
            }
        };
        assert_eq!(first, 1, "the other came first");
    };

    /// A bug that needs four goroutines in one certain order.
    four_in_a_row("the one order") |buggy| {
        let checks = buggy;
        let log = Arc::new(StdMutex::new(String::new()));
        let start = chan!(());
        let handles: Vec<_> = ["a", "b", "c", "d"]
            .into_iter()
            .map(|name| {
                go!([start, log] {
                    start.recv();
                    log.lock().unwrap().push_str(name);
                })
            })
            .collect();
        close!(start);
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        assert!(!checks || *log.lock().unwrap() != "dbca", "the one order");
    };
}
