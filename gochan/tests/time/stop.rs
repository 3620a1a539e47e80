//! Rows TM-03 and TM-04: who receives races with who stops. Each time goes to one of them: to a receiver, or to the stop
//! or reset that says true.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{on_threads, seeded, until_waiting, watchdog};
use gochan::Select;
use gochan::chan::TryRecvError;
use gochan::prelude::*;
use gochan::time::{Timer, sleep};
use pollster::block_on;

const FAR: Duration = Duration::from_secs(3600);

type Channel = Receiver<Instant>;
/// Receives from a timer, until there is nothing more to come.
type Receive = fn(&Channel, &Chan<()>) -> Option<Instant>;

const RECEIVES: &[(&str, Receive)] = &[
    ("select!", |time, over| {
        select! {
            Some(time) = <-time => Some(time),
            <-over => None,
        }
    }),
    ("Select", |time, over| {
        let mut select = Select::new();
        let (time, _) = (select.recv(time), select.recv(over));
        let ready = select.wait();
        if ready.index() == time.index() { ready.recv(time) } else { None }
    }),
    ("Select in a task", |time, over| {
        let mut select = Select::new();
        let (time, _) = (select.recv(time), select.recv(over));
        let ready = block_on(select.wait_async());
        if ready.index() == time.index() { ready.recv(time) } else { None }
    }),
    ("recv_timeout", |time, over| {
        loop {
            match (time.recv_timeout(Duration::from_micros(50)), over.is_closed()) {
                (Ok(time), _) => return Some(time),
                (Err(_), true) => return None,
                _ => {}
            }
        }
    }),
    ("try_recv", |time, over| {
        loop {
            // In this order: what is there at the close stays there.
            let closed = over.is_closed();
            match time.try_recv() {
                Ok(time) => return Some(time),
                Err(_) if closed => return None,
                Err(_) => gochan::runtime::gosched(),
            }
        }
    }),
];

/// What stops a timer, and how.
type Stop = fn(&Timer) -> bool;
const STOPS: &[Stop] = &[|timer| timer.stop(), |timer| timer.reset(FAR), |timer| timer.reset(Duration::MAX)];

/// One race, with what the receiver and the stop have got.
fn race(receive: Receive, stop: Stop, on_thread: bool, d: Duration, pause: Duration) -> (bool, bool) {
    let timer = Timer::new(d);
    let (time, over) = (timer.channel().clone(), chan!(()));
    let receiver = {
        let over = over.clone();
        move || receive(&time, &over).is_some()
    };
    let (goroutine, thread) =
        if on_thread { (None, Some(thread::spawn(receiver))) } else { (Some(go!(receiver())), None) };
    let start = Instant::now();
    while start.elapsed() < pause {
        gochan::runtime::gosched();
    }
    let stopped = stop(&timer);
    over.close();
    let received = match (goroutine, thread) {
        (Some(goroutine), _) => goroutine.join().unwrap(),
        (_, thread) => thread.unwrap().join().unwrap(),
    };
    assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
    (received, stopped)
}

#[gochan::test]
fn tm_03_tm_04_each_time_is_received_or_stopped() {
    let mut random = seeded();
    let rounds = if on_threads() { 60 } else { 400 };
    for &(way, receive) in RECEIVES {
        for &stop in STOPS {
            for round in 0..rounds {
                let pause = Duration::from_micros(random.u64(..200));
                let outcome = race(receive, stop, round % 8 == 0, Duration::from_micros(100), pause);
                assert!(outcome.0 != outcome.1, "{way}: {outcome:?}, seed {}", random.seed);
            }
        }
    }
}

/// A receiver without a way out: once the timer is stopped, it waits for the next time and gets that.
#[test]
fn tm_03_a_receiver_that_a_stop_has_beaten_gets_the_next_time() {
    let _watchdog = watchdog();
    let receives: [fn(&Channel) -> Option<Instant>; 3] =
        [|time| time.recv(), |time| time.iter().next(), |time| block_on(time.recv_async())];
    let mut random = seeded();
    for round in 0..if on_threads() { 100 } else { 1_000 } {
        let d = Duration::from_micros(100);
        let (start, timer) = (Instant::now(), Timer::new(d));
        let made = Instant::now();
        let (time, receive) = (timer.channel().clone(), receives[round % receives.len()]);
        let receiver = go!({ receive(&time).unwrap() });
        sleep(Duration::from_micros(random.u64(..200)));
        if timer.stop() {
            let before = Instant::now();
            assert!(!timer.reset(Duration::ZERO));
            assert!(receiver.join().unwrap() >= before, "an old time, seed {}", random.seed);
        } else {
            let time = receiver.join().unwrap();
            assert!((start + d..made + d + Duration::from_millis(1)).contains(&time));
        }
    }
}

/// The time may come at any moment of it.
#[gochan::test]
fn tm_03_the_idiom_never_hangs_while_the_time_comes() {
    let mut random = seeded();
    for _ in 0..2_000 {
        let timer = Timer::new(Duration::from_micros(random.u64(..20)));
        if random.bool() {
            _ = timer.channel().try_recv().map(|_| assert!(!timer.stop()));
        } else if !timer.stop() {
            timer.channel().recv();
        }
    }
}

/// Many stop, many receive: of each time there is one owner.
#[gochan::test]
fn tm_03_tm_04_of_many_stops_and_receivers_one_has_the_time() {
    let mut random = seeded();
    for _ in 0..if on_threads() { 40 } else { 400 } {
        let timer = Arc::new(Timer::new(Duration::from_micros(random.u64(..100))));
        let over = chan!(());
        let receivers: Vec<_> = (0..4)
            .map(|_| {
                let time = timer.channel().clone();
                go!([over] {
                    select! {
                        Some(_) = <-time => 1,
                        <-over => 0,
                    }
                })
            })
            .collect();
        let pause = Duration::from_micros(random.u64(..200));
        let stops: Vec<_> = (0..4)
            .map(|_| {
                go!([timer] {
                    sleep(pause);
                    usize::from(timer.stop())
                })
            })
            .collect();
        let stopped: usize = stops.into_iter().map(|stop| stop.join().unwrap()).sum();
        over.close();
        let received: usize = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
        assert_eq!(stopped + received, 1, "{stopped} and {received}, seed {}", random.seed);
    }
}

#[gochan::test(explore = 500)]
fn tm_03_each_time_is_received_or_stopped_in_every_interleaving() {
    let timer = Arc::new(Timer::new(Duration::ZERO));
    let (time, over) = (timer.channel().clone(), chan!(()));
    let receiver = go!([over] {
        select! {
            Some(_) = <-time => true,
            <-over => false,
        }
    });
    let stopped = timer.stop();
    close!(over);
    assert_ne!(receiver.join().unwrap(), stopped);
}

#[gochan::test(explore = 500)]
fn tm_04_each_time_is_received_or_reset_in_every_interleaving() {
    let timer = Arc::new(Timer::new(Duration::ZERO));
    let receivers = [(); 2].map(|()| {
        let time = timer.channel().clone();
        go!({ time.recv() })
    });
    // Two times for two receivers: one more exactly if the first was received.
    if timer.reset(Duration::ZERO) {
        until_one_has_ended(&receivers);
        assert!(!timer.reset(Duration::ZERO));
    }
    for receiver in receivers {
        receiver.join().unwrap().unwrap();
    }
}

fn until_one_has_ended(receivers: &[gochan::JoinHandle<Option<Instant>>]) {
    while !receivers.iter().any(gochan::JoinHandle::is_finished) {
        sleep(Duration::from_millis(1));
    }
}

#[gochan::test(virtual_time)]
fn tm_03_a_stop_in_the_moment_itself_leaves_the_receiver_waiting() {
    let d = Duration::from_millis(10);
    let timer = Arc::new(Timer::new(d));
    // Set first, so it runs first of those whose time comes then.
    let stops = go!([timer] {
        sleep(d);
        timer.stop()
    });
    until_waiting(&stops);
    let time = timer.channel().clone();
    let receiver = go!({ time.recv_timeout(FAR).is_ok() });
    assert_ne!(stops.join().unwrap(), receiver.join().unwrap());
}

#[gochan::test(virtual_time)]
fn tm_03_receivers_of_a_stopped_timer_wait_on_for_the_next_time() {
    let timer = Arc::new(Timer::new(FAR));
    let times = [(); 2].map(|()| timer.channel().clone());
    let [by_receive, by_select] = times;
    let never = chan!(());
    let receivers = [
        go!({ by_receive.recv().unwrap() }),
        go!({
            select! {
                Some(time) = <-by_select => time,
                <-never => unreachable!(),
            }
        }),
    ];
    gochan::test::wait();
    let start = gochan::time::now();
    assert!(timer.stop());
    sleep(3 * FAR);
    for _ in &receivers {
        assert!(!timer.reset(Duration::ZERO));
        gochan::test::wait();
    }
    for receiver in receivers {
        assert_eq!(receiver.join().unwrap() - start, 3 * FAR);
    }
}
