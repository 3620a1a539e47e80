//! What is shared by other means: maps, atomics, onces, semaphores, groups, pools.

use super::*;

classics! {
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
}
