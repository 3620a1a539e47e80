//! Row SE-02 for a select that had to wait: whoever ends the wait chooses a channel, and among the arms on that channel
//! the choice is uniform all the same. Row SE-15: with `biased;` it is the first of them in source order.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::common::chance::is_uniform;
use crate::common::{until, until_waiting, watchdog};
use gochan::Select;
use gochan::prelude::*;

const DRAWS: usize = 4_000;

/// How often each arm was taken.
struct Seen<const ARMS: usize> {
    arms: [AtomicU64; ARMS],
    draws: AtomicUsize,
}

impl<const ARMS: usize> Seen<ARMS> {
    fn none() -> Arc<Self> {
        Arc::new(Seen { arms: [const { AtomicU64::new(0) }; ARMS], draws: AtomicUsize::new(0) })
    }

    fn note(&self, arm: usize) {
        self.arms[arm].fetch_add(1, SeqCst);
        self.draws.fetch_add(1, SeqCst);
    }

    /// The counts of some of the arms.
    fn of<const N: usize>(&self, arms: [usize; N]) -> [u64; N] {
        arms.map(|arm| self.arms[arm].load(SeqCst))
    }

    fn all(&self) -> [u64; ARMS] {
        self.of(std::array::from_fn(|arm| arm))
    }
}

/// The ways of waiting for a value.
#[derive(Clone, Copy)]
enum Host {
    Goroutine,
    Thread,
}

/// Lets `choose`, which returns the arm that it has taken, run in a place of its own again and again, and `serve` it as
/// often. `serve` ends a wait, and comes back when it has.
fn count<const ARMS: usize>(
    host: Host,
    choose: impl Fn() -> usize + Send + 'static,
    mut serve: impl FnMut(usize),
) -> Arc<Seen<ARMS>> {
    let seen = Seen::none();
    let noted = seen.clone();
    let choosing = move || (0..DRAWS).for_each(|_| noted.note(choose()));
    let run = |choosing: Box<dyn FnOnce() + Send>| -> Box<dyn FnOnce()> {
        match host {
            Host::Goroutine => {
                let goroutine = go!({ choosing() });
                Box::new(move || goroutine.join().unwrap())
            }
            Host::Thread => {
                let thread = thread::spawn(choosing);
                Box::new(move || thread.join().unwrap())
            }
        }
    };
    let end = run(Box::new(choosing));
    for draw in 0..DRAWS {
        serve(draw);
    }
    end();
    seen
}

/// Sends once somebody waits to receive: nothing is buffered, so nothing else lets this succeed.
fn send_to_who_waits(ch: &Chan<u32>) {
    assert_eq!(ch.capacity(), 0);
    until(|| ch.try_send(1).is_ok());
}

/// Receives once somebody waits to send.
fn receive_from_who_waits(ch: &Chan<u32>) {
    assert_eq!(ch.capacity(), 0);
    until(|| ch.try_recv().is_ok());
}

/// One test a number of arms that receive from one channel, from goroutines and from threads.
macro_rules! receive_arms {
    ($($name:ident, $biased:ident: $($arm:literal)+;)+) => {$(
        #[test]
        fn $name() {
            let _watchdog = watchdog();
            for host in [Host::Goroutine, Host::Thread] {
                let ch = chan!(u32);
                let from = ch.clone();
                let choose = move || select! { $(<-from => $arm,)+ };
                let seen = count::<{ [$($arm),+].len() }>(host, choose, |_| send_to_who_waits(&ch));
                is_uniform(&seen.all(), "arms");
            }
        }

        #[test]
        fn $biased() {
            let _watchdog = watchdog();
            for host in [Host::Goroutine, Host::Thread] {
                let ch = chan!(u32);
                let from = ch.clone();
                let choose = move || select! { biased; $(<-from => $arm,)+ };
                let seen = count::<{ [$($arm),+].len() }>(host, choose, |_| send_to_who_waits(&ch));
                assert_eq!(seen.of([0]), [DRAWS as u64]);
            }
        }
    )+};
}

receive_arms! {
    se_02_two_waiting_receives_of_one_channel_are_chosen_alike,
    se_15_the_first_of_two_waiting_receives: 0 1;
    se_02_three_waiting_receives_of_one_channel_are_chosen_alike,
    se_15_the_first_of_three_waiting_receives: 0 1 2;
    se_02_four_waiting_receives_of_one_channel_are_chosen_alike,
    se_15_the_first_of_four_waiting_receives: 0 1 2 3;
}

#[gochan::test]
fn se_02_two_waiting_sends_on_one_channel_are_chosen_alike() {
    for host in [Host::Goroutine, Host::Thread] {
        let ch = chan!(u32);
        let to = ch.clone();
        let choose = move || {
            select! {
                to <- 0 => 0,
                to <- 1 => 1,
            }
        };
        let seen = count::<2>(host, choose, |_| receive_from_who_waits(&ch));
        is_uniform(&seen.all(), "arms");
    }
}

#[gochan::test]
fn se_15_the_first_of_two_waiting_sends() {
    let ch = chan!(u32);
    let to = ch.clone();
    let choose = move || {
        select! {
            biased;
            to <- 0 => 0,
            to <- 1 => 1,
        }
    };
    let seen = count::<2>(Host::Goroutine, choose, |_| receive_from_who_waits(&ch));
    assert_eq!(seen.all(), [DRAWS as u64, 0]);
}

#[gochan::test]
fn se_02_random_bits_as_in_the_language_specification() {
    for capacity in [0, 1, 3] {
        let bits = chan!(u32, capacity);
        go!([bits] {
            while select! {
                sent = bits <- 0 => sent,
                sent = bits <- 1 => sent,
            }
            .is_ok()
            {}
        });
        let (mut seen, mut pairs, mut last) = ([0; 2], [0; 4], 0);
        for _ in 0..40_000 {
            let bit = recv!(bits) as usize;
            seen[bit] += 1;
            pairs[last * 2 + bit] += 1;
            last = bit;
        }
        // gochan-lint: allow(receiver_close) the sender stops at the close
        close!(bits);
        is_uniform(&seen, "bits");
        is_uniform(&pairs, "pairs of successive bits");
    }
}

#[gochan::test]
fn se_02_receives_of_one_channel_that_a_sender_keeps_busy_are_chosen_alike() {
    for capacity in [0, 1, 3] {
        let values = chan!(u32, capacity);
        go!([values] { while values.send(0).is_ok() {} });
        let (mut seen, mut pairs, mut last) = ([0; 4], [0; 16], 0);
        for _ in 0..40_000 {
            let arm = select! {
                <-values => 0,
                <-values => 1,
                <-values => 2,
                <-values => 3,
            };
            seen[arm] += 1;
            pairs[last * 4 + arm] += 1;
            last = arm;
        }
        // gochan-lint: allow(receiver_close) the sender stops at the close
        close!(values);
        is_uniform(&seen, "arms");
        is_uniform(&pairs, "pairs of successive arms");
    }
}

#[gochan::test]
fn se_02_arms_that_wait_at_a_full_buffer_are_chosen_alike() {
    let ch = chan!(u32, 2);
    send!(ch <- 9);
    send!(ch <- 9);
    let mut seen = [0; 3];
    for _ in 0..DRAWS {
        let sending = go!([ch] {
            select! {
                ch <- 0 => 0,
                ch <- 1 => 1,
                ch <- 2 => 2,
            }
        });
        until_waiting(&sending);
        recv!(ch);
        seen[sending.join().unwrap()] += 1;
    }
    is_uniform(&seen, "arms");
}

#[gochan::test]
fn se_02_arms_of_several_channels_are_chosen_alike_on_each() {
    for host in [Host::Goroutine, Host::Thread] {
        let (a, b, c, full) = (chan!(u32), chan!(u32), chan!(u32), chan!(u32, 1));
        send!(full <- 9);
        let mine = (a.clone(), b.clone(), c.clone(), full.clone());
        let choose = move || {
            let (a, b, c, full) = &mine;
            // Neighbours, and arms with others in between.
            select! {
                <-a => 0,
                <-a => 1,
                <-b => 2,
                c <- 1 => 3,
                <-a => 4,
                full <- 1 => unreachable!("it is full"),
                c <- 2 => 5,
                <-b, if false => unreachable!("it is off"),
                <-b => 6,
            }
        };
        let seen = count::<7>(host, choose, |draw| match draw % 3 {
            0 => send_to_who_waits(&a),
            1 => send_to_who_waits(&b),
            _ => receive_from_who_waits(&c),
        });
        is_uniform(&seen.of([0, 1, 4]), "receives of the first channel");
        is_uniform(&seen.of([2, 6]), "receives of the second");
        is_uniform(&seen.of([3, 5]), "sends on the third");
    }
}

#[gochan::test]
fn se_15_the_first_arm_of_the_channel_among_several_channels() {
    let (a, b) = (chan!(u32), chan!(u32));
    let mine = (a.clone(), b.clone());
    let choose = move || {
        let (a, b) = &mine;
        select! {
            biased;
            <-b => 0,
            a <- 1 => 1,
            <-b => 2,
            a <- 2 => 3,
        }
    };
    let seen = count::<4>(Host::Goroutine, choose, |draw| match draw % 2 {
        0 => receive_from_who_waits(&a),
        _ => send_to_who_waits(&b),
    });
    assert_eq!(seen.all(), [DRAWS as u64 / 2, DRAWS as u64 / 2, 0, 0]);
}

#[gochan::test]
fn se_02_mirror_images_that_wait_are_chosen_alike() {
    let ch = chan!(u32);
    let mine = ch.clone();
    let offer = move |ch: &Chan<u32>| {
        select! {
            ch <- 1 => 0,
            <-ch => 1,
            ch <- 2 => 2,
            <-ch => 3,
        }
    };
    let served = Seen::<4>::none();
    let seen = count::<4>(Host::Goroutine, move || offer(&mine), |_| served.note(offer(&ch)));
    is_uniform(&seen.all(), "arms of one side");
    is_uniform(&served.all(), "arms of the other side");
}

#[gochan::test]
fn se_02_arms_of_a_channel_that_is_closed_are_chosen_alike() {
    let mut seen = [0; 3];
    for _ in 0..DRAWS {
        let ch = chan!(u32);
        let choosing = go!([ch] {
            select! {
                <-ch => 0,
                <-ch => 1,
                <-ch => 2,
            }
        });
        until_waiting(&choosing);
        close!(ch);
        seen[choosing.join().unwrap()] += 1;
    }
    is_uniform(&seen, "receives");
    let mut seen = [0; 4];
    for _ in 0..DRAWS {
        let ch = chan!(u32);
        let choosing = go!([ch] {
            select! {
                <-ch => 0,
                _ = ch <- 1 => 1,
                <-ch => 2,
                _ = ch <- 2 => 3,
            }
        });
        until_waiting(&choosing);
        close!(ch);
        seen[choosing.join().unwrap()] += 1;
    }
    is_uniform(&seen, "receives and sends");
}

#[gochan::test]
fn se_02_sends_that_nobody_is_left_to_receive_are_chosen_alike() {
    let mut seen = [0; 3];
    for _ in 0..DRAWS {
        let (tx, rx) = chan!(u32).split();
        let choosing = go!({
            select! {
                _ = tx <- 0 => 0,
                _ = tx <- 1 => 1,
                _ = tx <- 2 => 2,
            }
        });
        until_waiting(&choosing);
        drop(rx);
        seen[choosing.join().unwrap()] += 1;
    }
    is_uniform(&seen, "arms");
}

#[gochan::test]
fn se_15_the_first_arm_of_a_channel_that_is_closed() {
    for _ in 0..500 {
        let ch = chan!(u32);
        let receiving = go!([ch] {
            select! {
                biased;
                <-ch => 0,
                <-ch => 1,
                <-ch => 2,
            }
        });
        let sending = go!([ch = chan!(u32)] {
            let choosing = go!([ch] {
                select! {
                    biased;
                    _ = ch <- 1 => 0,
                    <-ch => 1,
                    _ = ch <- 2 => 2,
                }
            });
            until_waiting(&choosing);
            close!(ch);
            choosing.join().unwrap()
        });
        until_waiting(&receiving);
        close!(ch);
        assert_eq!((receiving.join().unwrap(), sending.join().unwrap()), (0, 0));
    }
}

#[gochan::test]
fn se_12_an_arm_that_goes_off_is_not_chosen_for_another_of_its_channel() {
    for _ in 0..500 {
        let ch = chan!(u32);
        let choosing = go!([ch] {
            select! {
                Some(_) = <-ch => 0,
                <-ch => 1,
                Some(_) = <-ch => 2,
            }
        });
        until_waiting(&choosing);
        close!(ch);
        assert_eq!(choosing.join().unwrap(), 1);
    }
}

#[gochan::test]
fn se_22_waiting_arms_of_a_builder_are_chosen_alike() {
    for host in [Host::Goroutine, Host::Thread] {
        let (a, b) = (chan!(u32), chan!(u32));
        let mine = (a.clone(), b.clone());
        let choose = move || {
            let (a, b) = &mine;
            let mut select = Select::new();
            select.recv(a);
            select.send(b, 1);
            select.recv(a);
            select.recv(a);
            select.send(b, 2);
            select.wait().index()
        };
        let seen = count::<5>(host, choose, |draw| match draw % 2 {
            0 => send_to_who_waits(&a),
            _ => receive_from_who_waits(&b),
        });
        is_uniform(&seen.of([0, 2, 3]), "receives");
        is_uniform(&seen.of([1, 4]), "sends");
    }
}

#[gochan::test]
fn se_22_waiting_arms_of_a_builder_that_is_used_again_are_chosen_alike() {
    let ch = chan!(u32);
    let seen = Seen::<3>::none();
    let choosing = go!([ch, seen] {
        let mut select = Select::new();
        (0..3).for_each(|_| _ = select.recv(&ch));
        for _ in 0..DRAWS {
            seen.note(select.wait_timeout(Duration::from_secs(1_000)).unwrap().index());
        }
    });
    (0..DRAWS).for_each(|_| send_to_who_waits(&ch));
    choosing.join().unwrap();
    is_uniform(&seen.all(), "arms");
}

#[gochan::test]
fn se_15_a_biased_builder_takes_the_first_when_it_has_waited() {
    let ch = chan!(u32);
    let from = ch.clone();
    let choose = move || {
        let mut select = Select::new().biased();
        (0..3).for_each(|_| _ = select.recv(&from));
        select.wait().index()
    };
    let seen = count::<3>(Host::Goroutine, choose, |_| send_to_who_waits(&ch));
    assert_eq!(seen.all(), [DRAWS as u64, 0, 0]);
}

#[gochan::test]
fn se_15_a_builder_that_becomes_biased_later_takes_the_first() {
    let ch = chan!(u32);
    let choosing = go!([ch] {
        let mut select = Select::new();
        (0..8).for_each(|_| _ = select.recv(&ch));
        let _ = select.wait();
        let mut select = select.biased();
        (0..100).map(|_| select.wait().index()).max()
    });
    (0..101).for_each(|_| send_to_who_waits(&ch));
    assert_eq!(choosing.join().unwrap(), Some(0));
}

/// Polls for the first time, lets `serve` end the wait, and polls again: the arm.
fn poll_served(select: &mut Select<'_>, serve: impl FnOnce()) -> usize {
    let mut waiting = pin!(select.wait_async());
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    serve();
    match waiting.poll(&mut context) {
        Poll::Ready(ready) => ready.index(),
        Poll::Pending => panic!("it has been served"),
    }
}

#[gochan::test]
fn se_02_waiting_arms_of_a_task_are_chosen_alike() {
    let (ch, to) = (chan!(u32), chan!(u32));
    let seen = Seen::<5>::none();
    for draw in 0..DRAWS {
        let mut select = Select::new();
        select.recv(&ch);
        select.recv(&ch);
        select.send(&to, 1);
        select.recv(&ch);
        select.send(&to, 2);
        seen.note(poll_served(&mut select, || match draw % 2 {
            0 => ch.try_send(1).unwrap(),
            _ => _ = to.try_recv().unwrap(),
        }));
    }
    is_uniform(&seen.of([0, 1, 3]), "receives");
    is_uniform(&seen.of([2, 4]), "sends");
    let seen = Seen::<3>::none();
    for _ in 0..DRAWS {
        let ch = chan!(u32);
        let mut select = Select::new();
        (0..3).for_each(|_| _ = select.recv(&ch));
        seen.note(poll_served(&mut select, || close!(ch)));
    }
    is_uniform(&seen.all(), "arms of a channel that is closed");
}

#[gochan::test]
fn se_15_a_task_takes_the_first_when_it_has_waited() {
    for round in 0..100 {
        let ch = chan!(u32);
        let mut select = Select::new().biased();
        (0..3).for_each(|_| _ = select.recv(&ch));
        let serve = || if round % 2 == 0 { close!(ch) } else { ch.try_send(1).unwrap() };
        assert_eq!(poll_served(&mut select, serve), 0);
    }
}
