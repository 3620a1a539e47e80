//! With reduction and without, a search comes to the same interleavings: it leaves out none, and goes through no order that
//! is not one of them.

use super::*;

#[track_caller]
fn agree(program: fn()) {
    let reduced = all().cover(program);
    let full = all().without_reduction().limit(2_000_000).cover(program);
    println!(
        "{} interleavings in {} runs, {} without reduction, of at most {:?}",
        reduced.interleavings.len(),
        reduced.runs,
        full.runs,
        reduced.orders
    );
    assert_eq!(reduced.interleavings.len(), full.interleavings.len());
    assert!(reduced.interleavings == full.interleavings);
    assert!(reduced.orders.is_none_or(|orders| orders >= u128::from(full.runs)));
}

macro_rules! programs {
    ($($name:ident $program:block)*) => {
        $(#[test]
        fn $name() {
            agree(|| $program);
        })*
    };
}

programs! {
    dl_08_one_counter {
        let counter = Arc::new(AtomicU32::new(0));
        adders(&counter, 2, 2).into_iter().for_each(|adder| adder.join().unwrap());
    }

    dl_08_reads_and_a_write {
        let counter = Arc::new(AtomicU32::new(0));
        for _ in 0..2 {
            go!([counter] { counter.load(SeqCst); });
        }
        counter.store(1, SeqCst);
    }

    dl_08_two_counters {
        let counters = [Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0))];
        let [one, two] = &counters;
        go!([one, two] {
            one.fetch_add(1, SeqCst);
            two.fetch_add(1, SeqCst);
        });
        go!([one, two] {
            two.fetch_add(1, SeqCst);
            one.fetch_add(1, SeqCst);
        });
    }

    dl_08_an_unbuffered_channel {
        let ch = chan!(u32);
        go!([ch] {
            send!(ch <- 1);
            send!(ch <- 2);
        });
        recv!(ch);
        recv!(ch);
    }

    dl_08_a_buffered_channel_with_two_senders {
        let ch = chan!(u32, 1);
        for value in 0..2 {
            go!([ch] { send!(ch <- value); });
        }
        recv!(ch);
        recv!(ch);
    }

    dl_08_tries {
        let ch = chan!(u32);
        go!([ch] { let _ = ch.try_send(1); });
        go!([ch] { let _ = ch.try_send(2); });
        let _ = ch.recv_timeout(Duration::from_secs(1));
    }

    dl_08_close_and_len {
        let ch = chan!(u32, 1);
        go!([ch] { let _ = ch.try_send(1); ch.close(); });
        go!([ch] { ch.len(); });
        ch.is_closed();
    }

    dl_08_the_last_sender {
        let (tx, rx) = chan!(u32, 1).split();
        let other = tx.clone();
        go!({ drop(tx); });
        go!({ drop(other); });
        let _ = rx.try_recv();
        recv!(rx);
    }

    dl_08_select_with_two_ready_arms {
        let (a, b) = (chan!(u32, 1), chan!(u32, 1));
        go!([a] { send!(a <- 1); });
        go!([b] { send!(b <- 1); });
        select! {
            _ = <-a => {}
            _ = <-b => {}
        }
    }

    dl_08_select_faces_select {
        let (a, b) = (chan!(u32), chan!(u32));
        go!([a, b] {
            select! {
                a <- 1 => {}
                b <- 2 => {}
            }
        });
        select! {
            _ = <-a => {}
            _ = <-b => {}
        }
    }

    dl_08_select_with_default {
        let (a, b) = (chan!(u32), chan!(u32));
        go!([a] { let _ = a.try_send(1); });
        go!([b] { b.close(); });
        select! {
            _ = <-a => {}
            _ = <-b => {}
            default => {}
        }
    }

    dl_08_select_biased {
        let (a, b) = (chan!(u32, 1), chan!(u32, 1));
        go!([a, b] {
            send!(a <- 1);
            send!(b <- 1);
        });
        select! {
            biased;
            _ = <-a => {}
            _ = <-b => {}
        }
    }

    dl_08_select_with_a_timeout {
        let a = chan!(u32);
        go!([a] { sleep(Duration::from_secs(1)); let _ = a.try_send(1); });
        select! {
            _ = <-a => {}
            <-after(Duration::from_secs(1)) => {}
        }
    }

    dl_08_a_mutex {
        let mutex = Arc::new(Mutex::new(0));
        let other = go!([mutex] { *mutex.lock() += 1; });
        *mutex.lock() += 1;
        other.join().unwrap();
    }

    dl_08_a_mutex_twice {
        let mutex = Arc::new(Mutex::new(0));
        for _ in 0..2 {
            go!([mutex] {
                *mutex.lock() += 1;
                *mutex.lock() += 1;
            });
        }
    }

    dl_08_a_mutex_of_three {
        let mutex = Arc::new(Mutex::new(0));
        for _ in 0..2 {
            go!([mutex] { *mutex.lock() += 1; });
        }
        drop(mutex.try_lock());
    }

    dl_08_an_rwlock {
        let lock = Arc::new(RwLock::new(0));
        for _ in 0..2 {
            go!([lock] { let _ = *lock.read(); });
        }
        *lock.write() += 1;
    }

    dl_08_two_writers {
        let lock = Arc::new(RwLock::new(0));
        go!([lock] { *lock.write() += 1; });
        go!([lock] { let _ = *lock.read(); });
        *lock.write() += 1;
    }

    dl_08_a_condition {
        let shared = Arc::new((Mutex::new(false), Cond::new()));
        let waiter = go!([shared] {
            let (ready, signal) = &*shared;
            drop(signal.wait_while(ready.lock(), |ready| !*ready));
        });
        *shared.0.lock() = true;
        shared.1.signal();
        waiter.join().unwrap();
    }

    dl_08_a_wait_group {
        let wg = WaitGroup::new();
        let counter = Arc::new(AtomicU32::new(0));
        for _ in 0..2 {
            wg.add(1);
            go!([wg, counter] {
                counter.fetch_add(1, SeqCst);
                wg.done();
            });
        }
        wg.wait();
        counter.load(SeqCst);
    }

    dl_08_once {
        let once = Arc::new(Once::new());
        let counter = Arc::new(AtomicU32::new(0));
        for _ in 0..2 {
            go!([once, counter] { once.call_once(|| counter.store(1, SeqCst)); });
        }
        once.is_completed();
    }

    dl_08_a_cell {
        let cell = Arc::new(OnceCell::new());
        for value in 0..2 {
            go!([cell] { cell.get_or_init(|| value); });
        }
        cell.get();
    }

    dl_08_a_map {
        let map = Arc::new(Map::new());
        go!([map] { map.store(1, 1); });
        go!([map] { map.load(&1); });
        map.len();
    }

    dl_08_a_context_and_a_send {
        let ch = chan!(u32);
        let (ctx, cancel) = background().with_cancel();
        go!([ch, ctx] {
            select! {
                ch <- 1 => {}
                <-ctx.done() => {}
            }
        });
        go!({ cancel.cancel(); });
        let _ = ch.try_recv();
    }

    dl_08_looks_at_a_context {
        let (ctx, cancel) = background().with_cancel();
        go!([ctx] { ctx.err(); });
        go!([ctx] { ctx.err(); });
        cancel.cancel();
    }

    dl_08_is_finished {
        let handle = go!({ });
        let ch = chan!(u32, 1);
        go!([ch] { send!(ch <- 1); });
        handle.is_finished();
        recv!(ch);
        handle.is_finished();
    }

    dl_08_a_semaphore {
        let semaphore = Arc::new(Semaphore::new(1));
        for _ in 0..2 {
            go!([semaphore] {
                semaphore.acquire(&background(), 1).unwrap();
                semaphore.release(1);
            });
        }
    }

    dl_08_gosched_between_what_the_runtime_does_not_know {
        let plain = Arc::new(std::sync::atomic::AtomicU32::new(0));
        for _ in 0..2 {
            go!([plain] {
                let before = plain.load(SeqCst);
                gosched();
                plain.store(before + 1, SeqCst);
            });
        }
    }

    dl_08_polling {
        let flag = Arc::new(AtomicU32::new(0));
        go!([flag] { flag.store(1, SeqCst); });
        while flag.load(SeqCst) == 0 {
            gosched();
        }
    }

    dl_08_timers_of_one_moment {
        let (a, b) = (chan!(u32, 1), chan!(u32, 1));
        for ch in [&a, &b] {
            go!([ch] { after_func(Duration::from_secs(1), move || { let _ = ch.try_send(1); }); });
        }
        select! {
            _ = <-a => {}
            _ = <-b => {}
        }
    }

    dl_08_two_philosophers {
        let forks = Arc::new([Mutex::new(()), Mutex::new(())]);
        for _ in 0..2 {
            go!([forks] {
                let _left = forks[0].lock();
                let _right = forks[1].lock();
            });
        }
    }

    dl_08_goroutines_that_start_goroutines {
        let counter = Arc::new(AtomicU32::new(0));
        go!([counter] {
            go!([counter] { counter.fetch_add(1, SeqCst); });
            go!({});
        });
        counter.fetch_add(1, SeqCst);
    }
}

/// Time that passes while goroutines can run is one of the orders, too.
#[test]
fn dl_08_time_strikes() {
    fn program() {
        let ch = chan!(u32);
        go!([ch] {
            sleep(Duration::from_secs(1));
            let _ = ch.try_send(1);
        });
        let _ = ch.recv_timeout(Duration::from_secs(1));
        ch.len();
    }
    let waits = all().cover(program);
    let struck = all().jumps(1).cover(program);
    let full = all().jumps(1).without_reduction().cover(program);
    println!("{waits}; {struck} in {} runs; {} without reduction", struck.runs, full.runs);
    assert!(struck.interleavings.len() > waits.interleavings.len());
    assert!(struck.interleavings == full.interleavings, "{struck}; {full}");
}

// Waits that are given up.
programs! {
    dl_08_a_lock_for_a_time {
        let mutex = Arc::new(Mutex::new(0));
        let other = go!([mutex] { *mutex.lock() += 1 });
        if let Some(mut value) = mutex.lock_timeout(Duration::from_secs(1)) {
            *value += 1;
        }
        other.join().unwrap();
    }

    dl_08_a_writer_that_gives_up {
        let lock = Arc::new(RwLock::new(0));
        let (ctx, cancel) = background().with_cancel();
        let reader = go!([lock] { *lock.read() });
        let writer = go!([lock, ctx] { lock.write_ctx(&ctx).is_ok() });
        cancel.cancel();
        reader.join().unwrap();
        writer.join().unwrap();
    }

    dl_08_a_group_for_a_time {
        let wg = WaitGroup::new();
        wg.add(1);
        go!([wg] { wg.done() });
        let _ = wg.wait_timeout(Duration::from_secs(1));
    }

    dl_08_the_end_of_a_group_as_an_arm {
        let (wg, ch) = (WaitGroup::new(), chan!((), 1));
        wg.add(1);
        go!([wg] { wg.done() });
        go!([ch] { ch.close(); });
        select! {
            <-wg.finished() => {}
            <-ch => {}
        }
    }

    dl_08_the_end_of_a_goroutine_as_an_arm {
        let ch = chan!((), 1);
        let one = go!({ 1 });
        go!([ch] { ch.close(); });
        select! {
            <-one.finished() => _ = one.join(),
            <-ch => {}
        }
    }

    dl_08_a_join_for_a_time {
        let ch = chan!((), 1);
        let one = go!([ch] { ch.recv(); });
        ch.close();
        let _ = one.join_timeout(Duration::from_secs(1));
    }
}
