//! What has gone wrong in servers, databases and container engines, brought down to a page each.

use super::*;

classics! {
    /// Waits for all within the loop that starts them.
    wait_inside_of_the_loop(DEADLOCK) |buggy| {
        let wg = WaitGroup::new();
        wg.add(2);
        for _ in 0..2 {
            go!([wg] { wg.done() });
            if buggy {
                wg.wait();
            }
        }
        wg.wait();
    };

    /// What is called when a lease has expired takes the lock that its caller holds.
    hook_called_under_the_lock(DEADLOCK) |buggy| {
        let (leases, expired) = (Arc::new(Mutex::new(vec![1])), Arc::new(Mutex::new(false)));
        let clock = go!([expired] { *expired.lock() = true });
        let revoke = |leases: &Mutex<Vec<u32>>| leases.lock().clear();
        let held = leases.lock();
        if *expired.lock() {
            if !buggy {
                drop(held);
            }
            revoke(&leases);
        }
        join_all([clock]);
    };

    /// Waits for the end of the goroutine that it runs on.
    dispatcher_that_closes_itself(DEADLOCK) |buggy| {
        let (messages, ended) = (chan!(bool), chan!(()));
        go!([messages, ended] {
            defer!(close!(ended));
            for is_broken in &messages {
                if is_broken {
                    messages.close();
                    if buggy {
                        recv!(ended);
                    }
                }
            }
        });
        let peer = go!([messages] { messages.send(true).is_ok() });
        messages.close();
        recv!(ended);
        join_all([peer]);
    };

    /// Whoever waits for the condition gives up, and the one who polls for it does not learn of that.
    poller_that_is_not_told(LEAK) |buggy| {
        let (polls, left) = (chan!(()), chan!(()));
        go!([polls, left] {
            for _ in 0..2 {
                sleep(SECOND);
                if buggy {
                    send!(polls <- ());
                } else {
                    select! {
                        polls <- () => {}
                        <-left => return
                    }
                }
            }
        });
        let end = after(2 * SECOND);
        for _ in 0..2 {
            select! {
                <-polls => {}
                <-end => break
            }
        }
        close!(left);
    };

    /// A request is let in, and counted after the server has seen that there are none.
    request_let_in_after_the_end("served after the end") |buggy| {
        #[derive(Default)]
        struct Server {
            closing: bool,
            requests: u32,
            closed: bool,
        }
        let server = Arc::new((Mutex::new(Server::default()), Cond::new()));
        let request = go!([server] {
            let (state, idle) = &*server;
            let mut open = state.lock();
            if open.closing {
                return;
            }
            if buggy {
                drop(open);
                open = state.lock();
            }
            open.requests += 1;
            assert!(!open.closed, "served after the end");
            drop(open);
            state.lock().requests -= 1;
            idle.broadcast();
        });
        let (state, idle) = &*server;
        let mut closing = state.lock();
        closing.closing = true;
        idle.wait_while(closing, |server| server.requests > 0).closed = true;
        join_all([request]);
    };

    /// Tells a worker to go when there is none left.
    pool_that_shrinks_at_its_end(DEADLOCK) |buggy| {
        let (jobs, quit, gone) = (chan!(u32, 2), chan!(()), chan!(()));
        let wg = WaitGroup::new();
        for _ in 0..2 {
            wg.add(1);
            go!([jobs, quit, wg] {
                defer!(wg.done());
                loop {
                    select! {
                        Some(_job) = <-jobs else { break } => {}
                        <-quit => break
                    }
                }
            });
        }
        go!([gone, wg] {
            wg.wait();
            close!(gone);
        });
        let producer = go!([jobs] {
            send!(jobs <- 1);
            close!(jobs);
        });
        if buggy {
            send!(quit <- ());
        } else {
            select! {
                quit <- () => {}
                <-gone => {}
            }
        }
        join_all([producer]);
        wg.wait();
    };

    /// A batch is full at the moment at which it is due.
    batch_written_by_size_and_by_time("written twice") |buggy| {
        let (batch, written) = (Arc::new(Mutex::new(vec![1, 2, 3])), Arc::new(Mutex::new(Vec::new())));
        let flush = {
            let (batch, written) = (batch.clone(), written.clone());
            move || {
                let values = if buggy { batch.lock().clone() } else { std::mem::take(&mut *batch.lock()) };
                written.lock().extend(values);
                if buggy {
                    batch.lock().clear();
                }
            }
        };
        let (by_time, done) = (flush.clone(), chan!(()));
        after_func(SECOND, { let done = done.clone(); move || { by_time(); close!(done) } });
        sleep(SECOND);
        flush();
        recv!(done);
        assert_eq!(written.lock().len(), 3, "written twice");
    };

    /// Takes a list, and asks to be told of changes from then on.
    list_then_watch("a change is missed") |buggy| {
        struct Store {
            version: u32,
            watchers: Vec<Chan<u32>>,
        }
        let store = Arc::new(Mutex::new(Store { version: 0, watchers: Vec::new() }));
        let writer = go!([store] {
            for _ in 0..2 {
                let mut store = store.lock();
                store.version += 1;
                store.watchers.iter().for_each(|watcher| send!(watcher <- store.version));
            }
        });
        let changes = chan!(u32, 2);
        let mut listed = store.lock();
        let version = listed.version;
        if buggy {
            drop(listed);
            listed = store.lock();
        }
        listed.watchers.push(changes.clone());
        drop(listed);
        join_all([writer]);
        let seen = changes.try_iter().last().unwrap_or(version);
        let told = changes.len() as u32;
        assert!(seen == 2 && told == 0, "a change is missed");
    };

    /// Puts into a cache what was right before the cache was emptied.
    stale_entry_after_an_invalidation("stale") |buggy| {
        let (source, cache) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(None)));
        let reader = go!([source, cache] {
            if buggy {
                let value = *source.lock();
                *cache.lock() = Some(value);
            } else {
                let mut entry = cache.lock();
                *entry = Some(*source.lock());
            }
        });
        *source.lock() = 2;
        *cache.lock() = None;
        join_all([reader]);
        assert!(matches!(*cache.lock(), None | Some(2)), "stale");
    };

    /// Whoever waits for a connection is cancelled when it has just been given one.
    connection_given_to_one_who_is_cancelled("the connection is lost") |buggy| {
        #[derive(Default)]
        struct Connections {
            free: Vec<u32>,
            waiting: Vec<Chan<u32>>,
        }
        fn put(all: &Mutex<Connections>, connection: u32) {
            let mut all = all.lock();
            match all.waiting.pop() {
                Some(waiter) => send!(waiter <- connection),
                None => all.free.push(connection),
            }
        }
        let all = Arc::new(Mutex::new(Connections::default()));
        let (ctx, cancel) = background().with_cancel();
        let query = go!([ctx, all] {
            let given = chan!(u32, 1);
            let mut pool = all.lock();
            if let Some(connection) = pool.free.pop() {
                drop(pool);
                return put(&all, connection);
            }
            pool.waiting.push(given.clone());
            drop(pool);
            select! {
                connection = <-given => put(&all, connection),
                <-ctx.done() => {
                    all.lock().waiting.retain(|waiter| !waiter.same_channel(&given));
                    if !buggy && let Ok(connection) = given.try_recv() {
                        put(&all, connection);
                    }
                }
            }
        });
        let other = go!([all] { put(&all, 1) });
        cancel.cancel();
        join_all([query, other]);
        assert_eq!(all.lock().free, [1], "the connection is lost");
    };

    /// The count was not zero a moment ago.
    count_that_comes_back_from_zero("used after it was freed") |buggy| {
        let (count, freed) = (Arc::new(atomic::AtomicUsize::new(1)), Arc::new(AtomicBool::new(false)));
        let release = {
            let (count, freed) = (count.clone(), freed.clone());
            move || {
                if count.fetch_sub(1, SeqCst) == 1 {
                    freed.store(true, SeqCst);
                }
            }
        };
        let user = go!([count, freed, release] {
            let one_more = |count: usize| (count > 0).then_some(count + 1);
            let acquired = if buggy {
                count.load(SeqCst) > 0 && count.fetch_add(1, SeqCst) < usize::MAX
            } else {
                count.fetch_update(SeqCst, SeqCst, one_more).is_ok()
            };
            if acquired {
                assert!(!freed.load(SeqCst), "used after it was freed");
                release();
            }
        });
        release();
        join_all([user]);
    };

    /// The goroutine uses what its parent sets after the spawn.
    field_set_after_the_spawn("not set yet") |buggy| {
        let address = Arc::new(Mutex::new(None));
        if !buggy {
            *address.lock() = Some("here");
        }
        let worker = go!([address] { address.lock().expect("not set yet") });
        *address.lock() = Some("here");
        join_all([worker]);
    };
}
