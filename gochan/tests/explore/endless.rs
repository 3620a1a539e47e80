//! Row DL-09: no exploration calls a right program endless. What ends only if somebody else comes to run has that happen,
//! however the goroutines that keep each other busy are favoured; what ends only with the time has that pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::time::Duration;

use crate::common::panic_of;
use gochan::__private::Test;
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::{Cond, Mutex};
use gochan::time::{Ticker, Timer, after_func, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn passes(program: fn()) {
    Test::new().explore(1000).run(program);
    Test::new().explore(300).jumps(0).first_seed(1).run(program);
}

#[test]
fn dl_09_two_talk_until_a_third_stops_them() {
    passes(|| {
        let (ch, stop) = (chan!(u32), chan!(()));
        go!([ch, stop] {
            loop {
                select! {
                    <-stop => return,
                    ch <- 1 => {}
                }
            }
        });
        go!([ch, stop] {
            loop {
                select! {
                    <-stop => return,
                    <-ch => {}
                }
            }
        });
        close!(stop);
    });
}

#[test]
fn dl_09_requests_are_made_until_the_stop() {
    passes(|| {
        let stop = chan!(bool);
        go!([stop] { send!(stop <- true) });
        loop {
            let done = chan!(bool, 1);
            go!([done] { send!(done <- true) });
            select! {
                <-stop => return,
                <-done => {}
            }
        }
    });
}

/// Each hands over to the next one, and none of them is ever next in a row.
#[test]
fn dl_09_a_ring_turns_until_somebody_outside_of_it_acts() {
    passes(|| {
        const SIZE: usize = 5;
        let ring: Vec<Chan<bool>> = (0..SIZE).map(|_| chan!(bool)).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let nodes: Vec<_> = (0..SIZE)
            .map(|i| {
                let (from, to, stop) = (ring[i].clone(), ring[(i + 1) % SIZE].clone(), stop.clone());
                go!({
                    while recv!(from) {
                        let goes_on = i != 0 || !stop.load(SeqCst);
                        if i != SIZE - 1 || goes_on {
                            send!(to <- goes_on);
                        }
                        if !goes_on {
                            return;
                        }
                    }
                    if i != SIZE - 1 {
                        send!(to <- false);
                    }
                })
            })
            .collect();
        go!([stop] { stop.store(true, SeqCst) });
        send!(ring[0] <- true);
        nodes.into_iter().for_each(|node| node.join().unwrap());
    });
}

#[test]
fn dl_09_two_pass_a_lock_to_and_fro_until_a_third_comes_by() {
    passes(|| {
        let shared = Arc::new((Mutex::new((0_u32, false)), Cond::new()));
        let players: Vec<_> = (0..2)
            .map(|me| {
                let shared = shared.clone();
                go!({
                    let (lock, changed) = &*shared;
                    loop {
                        let mut state = changed
                            .wait_while(lock.lock(), |(turn, over)| turn.abs_diff(me) % 2 == 1 && !*over);
                        if state.1 {
                            return;
                        }
                        state.0 = state.0.wrapping_add(1);
                        changed.broadcast();
                    }
                })
            })
            .collect();
        go!([shared] {
            shared.0.lock().1 = true;
            shared.1.broadcast();
        });
        players.into_iter().for_each(|player| player.join().unwrap());
    });
}

/// The one that would stop the others needs a fourth one, and that one a fifth.
#[test]
fn dl_09_the_stop_itself_takes_several() {
    passes(|| {
        let (ch, stop, order) = (chan!(u32), chan!(()), chan!(()));
        go!([ch, stop] {
            loop {
                select! {
                    <-stop => return,
                    ch <- 1 => {}
                }
            }
        });
        go!([ch, stop] {
            loop {
                select! {
                    <-stop => return,
                    <-ch => {}
                }
            }
        });
        let second = go!([order] { recv!(order) });
        go!([order] { send!(order <- ()) });
        go!({
            second.join().unwrap();
            close!(stop);
        });
    });
}

#[test]
fn dl_09_loops_until_a_context_is_cancelled() {
    passes(|| {
        let (ctx, cancel) = background().with_cancel();
        let ch = chan!(u32);
        go!([ctx, ch] {
            while ctx.err().is_none() {
                select! {
                    ch <- 1 => {}
                    <-ctx.done() => {}
                }
            }
        });
        go!([ctx, ch] {
            while ctx.err().is_none() {
                select! {
                    <-ch => {}
                    <-ctx.done() => {}
                }
            }
        });
        let poller = go!([ctx] { while ctx.err().is_none() {} });
        go!({ cancel.cancel() });
        poller.join().unwrap();
    });
}

#[test]
fn dl_09_polling_loops_end_with_what_they_wait_for() {
    passes(|| {
        let (ch, flag) = (chan!((), 1), Arc::new(AtomicBool::new(false)));
        let pollers = [
            go!([flag] {
                while !flag.load(SeqCst) {
                    gosched();
                }
            }),
            go!([ch] { while !ch.is_closed() {} }),
            go!([ch] { while let Err(TryRecvError::Empty) = ch.try_recv() {} }),
            go!([ch] {
                while select! {
                    <-ch => false,
                    // gochan-lint: allow(spinning_default) what the test is about
                    default => true,
                } {}
            }),
        ];
        let third = go!({
            flag.store(true, SeqCst);
            close!(ch);
        });
        pollers.into_iter().for_each(|poller| poller.join().unwrap());
        third.join().unwrap();
    });
}

/// Time stands still while they talk, unless it strikes; without that, and without a budget, they have it pass at last.
#[test]
fn dl_09_two_talk_until_the_time_has_come() {
    fn talk_until(end: fn() -> Receiver<()>) {
        let (ch, end) = (chan!(u32), end());
        let sender = go!([ch, end] {
            loop {
                select! {
                    <-end => return,
                    ch <- 1 => {}
                }
            }
        });
        let receiver = go!([ch] {
            loop {
                select! {
                    <-end => return,
                    <-ch => {}
                }
            }
        });
        sender.join().unwrap();
        receiver.join().unwrap();
    }

    fn timer() -> Receiver<()> {
        let end = chan!(());
        after_func(10 * SECOND, {
            let end = end.clone();
            move || close!(end)
        });
        end.receiver()
    }

    fn sleeper() -> Receiver<()> {
        let end = chan!(());
        go!([end] {
            (0..10).for_each(|_| sleep(SECOND));
            close!(end);
        });
        end.receiver()
    }

    fn ticks() -> Receiver<()> {
        let end = chan!(());
        go!([end] {
            // gochan-lint: allow(tick_never_stopped) it ends with the test
            let ticker = Ticker::new(SECOND);
            (0..5).for_each(|_| _ = ticker.channel().recv());
            Timer::new(SECOND).channel().recv();
            close!(end);
        });
        end.receiver()
    }

    Test::new().explore(20).run(|| talk_until(timer));
    Test::new().explore(3).jumps(0).run(|| talk_until(timer));
    Test::new().explore(3).jumps(0).run(|| talk_until(sleeper));
    Test::new().explore(3).jumps(0).run(|| talk_until(ticks));
}

#[test]
fn dl_09_what_does_not_end_is_told() {
    let text = panic_of(|| {
        Test::new().explore(1).run(|| {
            let ch = chan!(u32);
            go!([ch] {
                loop {
                    send!(ch <- 1);
                }
            });
            loop {
                recv!(ch);
            }
        });
    });
    assert!(text.contains("no end after 1000000 steps"), "{text}");
    assert!(text.contains("each has had turns"), "{text}");
}
