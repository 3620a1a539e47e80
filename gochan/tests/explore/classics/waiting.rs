//! Waiting for others: signals, conditions, counts, ends.

use super::*;

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
}
