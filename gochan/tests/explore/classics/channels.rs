//! Channels: who closes them, who is left, and what is looked at before.

use super::*;

classics! {
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
}
