//! Rows TM: timers, `after`, and who waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{MOMENT, on_threads, seeded, until_waiting, watchdog, workers};
use gochan::chan::{RecvTimeoutError, TryRecvError};
use gochan::prelude::*;
use gochan::time::{self, Timer};
use gochan::{Select, runtime};

const FAR: Duration = Duration::from_secs(3600);
/// Far above any delay that is not a mistake, also on a machine that is busy with other things.
const LATE: Duration = Duration::from_secs(5);

/// Nothing is there and nothing comes for a while.
#[track_caller]
fn is_quiet(channel: &Receiver<Instant>) {
    assert_eq!(channel.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(channel.recv_timeout(2 * MOMENT), Err(RecvTimeoutError::Timeout));
}

/// Passes the time without being parked for it.
fn let_pass(d: Duration) {
    let start = Instant::now();
    while start.elapsed() < d {
        runtime::gosched();
    }
}

#[gochan::test]
fn tm_02_after_delivers_once_and_not_early() {
    let mut random = seeded();
    for _ in 0..20 {
        let d = Duration::from_nanos(random.u64(..10_000_000));
        let start = Instant::now();
        let channel = after(d);
        let time = channel.recv().unwrap();
        assert!(time >= start + d && time <= Instant::now(), "after {d:?}: {:?}", time - start);
        assert!(start.elapsed() < d + LATE);
        is_quiet(&channel);
    }
}

#[gochan::test]
fn tm_02_after_delivers_to_whoever_comes_later() {
    let start = Instant::now();
    let channel = after(MOMENT);
    let_pass(3 * MOMENT);
    let time = channel.try_recv().unwrap();
    assert!(time >= start + MOMENT && time <= Instant::now());
    is_quiet(&channel);
}

#[gochan::test]
fn tm_02_a_timer_s_channel_buffers_nothing_and_does_not_close() {
    let channel = after(Duration::ZERO);
    assert_eq!((channel.len(), channel.capacity()), (0, 0));
    assert!(!channel.is_closed() && !channel.is_nil());
    channel.recv().unwrap();
    assert!(!channel.is_closed());
    let timer = Timer::new(FAR);
    let channel = timer.channel().clone();
    drop(timer);
    assert!(!channel.is_closed());
    is_quiet(&channel);
}

#[test]
fn tm_02_one_of_many_receivers_gets_the_time() {
    let _watchdog = watchdog();
    let timer = Timer::new(FAR);
    let got = Chan::with_capacity(100);
    let receivers: Vec<_> = (0..20)
        .map(|_| {
            let (channel, got) = (timer.channel().clone(), got.clone());
            go!({
                while channel.recv().is_some() {
                    got.send(()).unwrap();
                }
            })
        })
        .collect();
    receivers.iter().for_each(until_waiting);
    for _ in 0..10 {
        timer.reset(Duration::from_micros(300));
        got.recv().unwrap();
        assert_eq!(got.recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout));
    }
}

#[gochan::test]
fn tm_03_stop_before_the_time_is_true_and_nothing_comes() {
    let timer = Timer::new(MOMENT);
    assert!(timer.stop());
    assert!(!timer.stop());
    is_quiet(timer.channel());
}

#[gochan::test]
fn tm_03_stop_after_the_time_takes_it_back() {
    let timer = Timer::new(MOMENT);
    let_pass(2 * MOMENT);
    assert!(timer.stop(), "nobody has received it");
    assert!(!timer.stop());
    is_quiet(timer.channel());
}

/// As Go's programs did it before 1.23.
#[gochan::test]
fn tm_03_draining_after_a_stop_never_hangs() {
    for pause in [0, 1, 2].map(|periods| periods * MOMENT) {
        let timer = Timer::new(MOMENT);
        let_pass(pause);
        if !timer.stop() {
            timer.channel().recv();
        }
        timer.reset(MOMENT);
        timer.channel().recv().unwrap();
    }
}

#[gochan::test]
fn tm_03_stop_after_the_receive_is_false() {
    let timer = Timer::new(MOMENT);
    timer.channel().recv().unwrap();
    assert!(!timer.stop());
    is_quiet(timer.channel());
}

#[gochan::test]
fn tm_03_who_waits_for_a_stopped_timer_goes_on_waiting() {
    let timer = Timer::new(FAR);
    let channel = timer.channel().clone();
    let got = Arc::new(AtomicBool::new(false));
    let receiver = go!([got] {
        let time = channel.recv();
        got.store(true, SeqCst);
        time
    });
    until_waiting(&receiver);
    assert!(timer.stop());
    let_pass(2 * MOMENT);
    assert!(!got.load(SeqCst));
    timer.reset(Duration::ZERO);
    receiver.join().unwrap().unwrap();
}

#[gochan::test]
fn tm_04_reset_lets_no_old_time_through() {
    let timer = Timer::new(Duration::ZERO);
    let_pass(MOMENT);
    assert!(timer.reset(FAR), "nobody had received it");
    is_quiet(timer.channel());
    let start = Instant::now();
    assert!(timer.reset(MOMENT), "its time had not come");
    assert!(timer.channel().recv().unwrap() >= start + MOMENT);
    assert!(!timer.reset(FAR), "it was received");
    assert!(timer.stop());
    assert!(!timer.reset(Duration::ZERO), "it was stopped");
    timer.channel().recv().unwrap();
}

#[gochan::test]
fn tm_04_reset_brings_the_wait_of_a_receiver_forward() {
    let timer = Timer::new(FAR);
    let channel = timer.channel().clone();
    let receiver = go!({ channel.recv() });
    until_waiting(&receiver);
    let start = Instant::now();
    assert!(timer.reset(MOMENT));
    let time = receiver.join().unwrap().unwrap();
    assert!(time >= start + MOMENT && time < start + LATE);
}

#[test]
fn tm_04_reset_puts_the_wait_of_a_receiver_off() {
    let _watchdog = watchdog();
    let timer = Timer::new(6 * MOMENT);
    let receivers = [(); 2].map(|()| {
        let channel = timer.channel().clone();
        move || channel.recv()
    });
    let [on_thread, in_goroutine] = receivers;
    let in_goroutine = go!(in_goroutine());
    until_waiting(&in_goroutine);
    let on_thread = thread::spawn(on_thread);
    let start = Instant::now();
    // Unless one of them has received the first time by now.
    let put_off = timer.reset(10 * MOMENT);
    crate::common::until(|| on_thread.is_finished() || in_goroutine.is_finished());
    assert!(start.elapsed() >= 10 * MOMENT || !put_off, "after {:?}", start.elapsed());
    let start = Instant::now();
    assert!(!timer.reset(MOMENT) || !put_off, "it was received");
    for time in [on_thread.join().unwrap(), in_goroutine.join().unwrap()] {
        time.unwrap();
    }
    assert!(start.elapsed() >= MOMENT);
}

/// One thread resets and stops at random while others receive: no time is from before the reset it belongs to, and no
/// more times are received than were set.
#[gochan::test]
fn tm_04_resets_race_with_receivers() {
    let mut random = seeded();
    let seed = random.seed;
    let timer = Arc::new(Timer::new(FAR));
    let over = Arc::new(AtomicBool::new(false));
    let received = Arc::new(AtomicUsize::new(0));
    let receivers: Vec<_> = (0..3)
        .map(|_| {
            let channel = timer.channel().clone();
            go!([over, received] {
                while !over.load(SeqCst) {
                    if channel.recv_timeout(Duration::from_micros(300)).is_ok() {
                        received.fetch_add(1, SeqCst);
                    }
                }
            })
        })
        .collect();
    let mut set = 0;
    for _ in 0..2_000 {
        match random.u32(..4) {
            0 => {
                timer.stop();
                let before = received.load(SeqCst);
                // A receive that had its time before the stop may count only now.
                runtime::gosched();
                assert!(received.load(SeqCst) <= before + 3, "seed {seed}");
            }
            _ => {
                timer.reset(Duration::from_micros(random.u64(..200)));
                set += 1;
            }
        }
        if random.bool() {
            let_pass(Duration::from_micros(random.u64(..200)));
        }
    }
    timer.stop();
    over.store(true, SeqCst);
    receivers.into_iter().for_each(|receiver| receiver.join().unwrap());
    let received = received.load(SeqCst);
    assert!(received <= set && received > 0, "{received} of {set}, seed {seed}");
}

#[gochan::test]
fn tm_07_very_many_timers_come_in_their_time() {
    let count = if on_threads() { 200 } else { 100_000 };
    let mut random = seeded();
    let lateness = Arc::new(AtomicUsize::new(0));
    let wg = WaitGroup::new();
    for _ in 0..count {
        let d = Duration::from_millis(random.u64(1..=100));
        let deadline = Instant::now() + d;
        let channel = after(d);
        let lateness = lateness.clone();
        wg.go(move || {
            let time = channel.recv().unwrap();
            assert!(time >= deadline);
            lateness.fetch_add(deadline.elapsed().as_micros() as usize, SeqCst);
        });
    }
    wg.wait();
    let mean = Duration::from_micros((lateness.load(SeqCst) / count) as u64);
    assert!(mean < LATE, "late by {mean:?} in the mean");
}

#[gochan::test]
fn tm_07_a_select_over_many_timers_takes_none_before_its_time() {
    const TIMERS: usize = 200;
    let mut random = seeded();
    let start = Instant::now();
    let timers: Vec<_> = (0..TIMERS)
        .map(|_| {
            let d = Duration::from_micros(random.u64(..60_000));
            (d, after(d))
        })
        .collect();
    let mut select = Select::new();
    let arms: Vec<_> = timers.iter().map(|(_, channel)| select.recv(channel)).collect();
    let mut seen = [false; TIMERS];
    for _ in 0..TIMERS {
        let ready = select.wait();
        let index = ready.index();
        let time = ready.recv(arms[index]).unwrap();
        assert!(time >= start + timers[index].0, "seed {}", random.seed);
        assert!(!std::mem::replace(&mut seen[index], true), "each once; seed {}", random.seed);
    }
    assert!(select.wait_timeout(MOMENT).is_none());
}

#[gochan::test]
fn tm_07_a_select_waits_for_the_first_of_timer_and_channel() {
    let start = Instant::now();
    let (soon, far, values) = (after(MOMENT), after(FAR), Chan::<u32>::new());
    let mut select = Select::new();
    let (_, soon, _) = (select.recv(&far), select.recv(&soon), select.recv(&values));
    let ready = select.wait();
    assert!(ready.recv(soon).unwrap() >= start + MOMENT);
    go!([values] { values.send(7) });
    let ready = select.wait();
    assert_eq!(ready.index(), 2);
}

#[gochan::test]
fn tm_02_after_is_the_timeout_of_a_select() {
    let values = Chan::<u32>::new();
    let start = Instant::now();
    let timed_out = select! {
        _ = <-values => false,
        <-after(MOMENT) => true,
    };
    assert!(timed_out && start.elapsed() >= MOMENT);
    go!([values] { values.send(7) });
    let value = select! {
        value = <-values => value,
        Some(time) = <-after(FAR) => panic!("{time:?}"),
    };
    assert_eq!(value, 7);
    let early = select! {
        <-after(FAR) => false,
        default => true,
    };
    assert!(early);
}

#[gochan::test]
fn tm_04_reset_brings_the_wait_of_a_select_forward() {
    let timer = Timer::new(FAR);
    let channel = timer.channel().clone();
    let selecting = go!({
        let never = Chan::<()>::new();
        let mut select = Select::new();
        let (_, time) = (select.recv(&never), select.recv(&channel));
        select.wait().recv(time)
    });
    until_waiting(&selecting);
    let start = Instant::now();
    assert!(timer.reset(MOMENT));
    assert!(selecting.join().unwrap().unwrap() >= start + MOMENT);
}

#[gochan::test]
fn tm_08_a_time_that_has_passed_is_there_at_once() {
    assert!(after(Duration::ZERO).try_recv().is_ok());
    let timer = Timer::new(Duration::ZERO);
    assert!(timer.stop(), "it was there to be received");
    timer.reset(Duration::ZERO);
    assert!(timer.channel().try_recv().is_ok());
}

#[gochan::test]
fn tm_08_the_longest_duration_does_not_pass() {
    for d in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(1000 * 365 * 86_400)] {
        let timer = Timer::new(d);
        is_quiet(timer.channel());
        let channel = timer.channel().clone();
        let receiver = go!({ channel.recv() });
        until_waiting(&receiver);
        assert!(timer.reset(d));
        assert!(timer.stop(), "its time has not come");
        assert!(!timer.reset(Duration::ZERO));
        receiver.join().unwrap();
    }
    assert_eq!(after(Duration::MAX).recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout));
}

#[gochan::test]
fn tm_08_a_timeout_beside_a_timer_takes_whichever_is_first() {
    let channel = after(2 * MOMENT);
    assert_eq!(channel.recv_timeout(Duration::from_micros(1)), Err(RecvTimeoutError::Timeout));
    assert_eq!(channel.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    assert!(channel.recv_timeout(FAR).is_ok());
    assert_eq!(channel.recv_timeout(Duration::from_micros(1)), Err(RecvTimeoutError::Timeout));
}

#[test]
fn tm_09_timers_cross_threads() {
    let _watchdog = watchdog();
    let start = Instant::now();
    // Made on a thread that has ended, waited for in a goroutine; and the other way round.
    let of_thread = thread::spawn(|| Timer::new(MOMENT)).join().unwrap();
    let waited = go!({ of_thread.channel().recv() });
    assert!(waited.join().unwrap().unwrap() >= start + MOMENT);
    let of_goroutine = go!({ Timer::new(MOMENT) }).join().unwrap();
    assert!(of_goroutine.channel().recv().unwrap() >= start + MOMENT);
    // Stopped and reset from elsewhere while somebody waits.
    let timer = Arc::new(Timer::new(FAR));
    let channel = timer.channel().clone();
    let waiting = go!({ channel.recv() });
    until_waiting(&waiting);
    let reset = thread::spawn(move || timer.stop() && !timer.reset(Duration::ZERO));
    assert!(reset.join().unwrap());
    waiting.join().unwrap().unwrap();
}

#[test]
fn tm_09_a_timer_of_a_busy_worker_is_there_for_others() {
    let _watchdog = watchdog();
    let over = Arc::new(AtomicBool::new(false));
    let timers = Chan::with_capacity(workers());
    for _ in 0..workers() {
        go!([over, timers] {
            timers.send(after(MOMENT)).unwrap();
            while !over.load(SeqCst) {
                std::hint::spin_loop();
            }
        });
    }
    // This is a plain thread: it waits although every worker is busy.
    let timer = timers.recv().unwrap();
    timer.recv().unwrap();
    over.store(true, SeqCst);
}

#[gochan::test]
fn tm_09_a_receiver_of_a_busy_worker_gets_its_time_between_turns() {
    let over = Arc::new(AtomicBool::new(false));
    for _ in 0..2 * workers() {
        go!([over] {
            while !over.load(SeqCst) {
                runtime::gosched();
            }
        });
    }
    let start = Instant::now();
    let receiver = go!({ after(MOMENT).recv() });
    assert!(receiver.join().unwrap().unwrap() >= start + MOMENT);
    over.store(true, SeqCst);
}

#[test]
fn tm_01_now_does_not_go_back() {
    let before = time::now();
    let inside = go!({ time::now() }).join().unwrap();
    assert!(before <= inside && inside <= time::now());
}

#[gochan::test(virtual_time)]
fn tm_02_clones_are_handles_of_one_timer() {
    let timer = Timer::new(Duration::from_secs(1));
    let other = timer.clone();
    assert!(other.stop() && !timer.stop());
    other.reset(Duration::from_secs(2));
    drop(other);
    assert!(timer.channel().recv().is_some());
}
