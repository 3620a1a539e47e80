//! Selects: no wake-up is lost, no two arms run, no value is lost or doubled, and `default` tells the truth.

use super::*;
use gochan::{Select, select};

/// Receives from both until both are closed.
fn merge(a: &Chan<i32>, b: &Chan<i32>) -> Vec<i32> {
    let mut got = Vec::new();
    loop {
        select! {
            Some(v) = <-a => got.push(v),
            Some(v) = <-b => got.push(v),
            else => break,
        }
    }
    got.sort_unstable();
    got
}

#[test]
fn a_select_receives_all_that_is_sent_on_its_channels() {
    for capacity in [0, 1] {
        let body = move || {
            let (a, b) = (Chan::with_capacity(capacity), Chan::with_capacity(capacity));
            let senders = [(a.sender(), 1), (b.sender(), 11)].map(|(tx, first)| {
                thread::spawn(move || (first..first + 2).for_each(|v| tx.send(v).unwrap()))
            });
            let (a, b) = (a.split().1, b.split().1);
            let mut got = Vec::new();
            loop {
                select! {
                    Some(v) = <-a => got.push(v),
                    Some(v) = <-b => got.push(v),
                    else => break,
                }
            }
            // In order from each of the two.
            let from = |senders: bool| got.iter().copied().filter(move |&v| (v > 10) == senders);
            assert!(from(false).eq([1, 2]) && from(true).eq([11, 12]), "{got:?}");
            senders.into_iter().for_each(|sender| sender.join().unwrap());
        };
        shuttle::check_random(body, RANDOM);
        shuttle::check_pct(body, PCT, 3);
    }
}

#[test]
fn two_selects_that_face_each_other_move_one_value() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::new());
        let other = {
            let (a, b) = (a.clone(), b.clone());
            thread::spawn(move || {
                select! {
                    b <- 2 => None,
                    v = <-a => Some(v),
                }
            })
        };
        let mine = select! {
            a <- 1 => None,
            v = <-b => Some(v),
        };
        let moved = (mine, other.join().unwrap());
        assert!(moved == (None, Some(1)) || moved == (Some(2), None), "{moved:?}");
    });
}

#[test]
fn mirror_images_on_the_same_channels_move_one_value_a_round() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::new());
        fn offer(a: &Chan<i32>, b: &Chan<i32>, v: i32) -> Option<i32> {
            select! {
                a <- v => None,
                v = <-a => Some(v),
                b <- v => None,
                v = <-b => Some(v),
            }
        }
        let other = {
            let (a, b) = (a.clone(), b.clone());
            thread::spawn(move || [offer(&b, &a, 10), offer(&b, &a, 11)])
        };
        let mine = [offer(&a, &b, 10), offer(&a, &b, 11)];
        for (round, moved) in (10..).zip(mine.into_iter().zip(other.join().unwrap())) {
            assert!(moved == (None, Some(round)) || moved == (Some(round), None), "{moved:?}");
        }
    });
}

#[test]
fn a_ring_of_selects_makes_progress() {
    check(|| {
        let ring: [Chan<i32>; 3] = [(); 3].map(|()| Chan::new());
        let members = [0, 1, 2].map(|at| {
            let (left, right) = (ring[at].clone(), ring[(at + 1) % 3].clone());
            thread::spawn(move || {
                let (mut sends, mut receives) = (1, 1);
                loop {
                    select! {
                        right <- 1, if sends > 0 => sends -= 1,
                        _ = <-left, if receives > 0 => receives -= 1,
                        else => break,
                    }
                }
            })
        });
        members.into_iter().for_each(|member| member.join().unwrap());
    });
}

#[test]
fn a_close_beside_a_select_that_sends_and_receives() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (jobs, quit) = (Chan::<Counted>::new(), Chan::<()>::new());
        let receiver = {
            let (jobs, quit) = (jobs.clone(), quit.clone());
            thread::spawn(move || {
                select! {
                    Some(_job) = <-jobs else false => true,
                    <-quit => false,
                }
            })
        };
        let closer = thread::spawn(move || quit.close());
        let job = Counted(drops.clone());
        let never = Chan::<i32>::new();
        let closing = jobs.clone();
        let jobs_closer = thread::spawn(move || closing.close());
        let sent = select! {
            r = jobs <- job => r.is_ok(),
            v = <-never => v == 0,
        };
        assert_eq!(receiver.join().unwrap(), sent, "received and sent");
        assert_eq!(drops.load(SeqCst), 1);
        assert!(closer.join().unwrap() && jobs_closer.join().unwrap());
    });
}

#[test]
fn the_drop_of_the_last_sender_wakes_a_select() {
    check(|| {
        let (tx, rx) = Chan::<i32>::new().split();
        let never = Chan::<i32>::new();
        let senders = [tx.clone(), tx].map(|tx| thread::spawn(move || drop(tx)));
        let (v, ok) = select! {
            v, ok = <-rx => (v, ok),
            v = <-never => (v, true),
        };
        assert_eq!((v, ok), (0, false));
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn the_drop_of_the_last_receiver_wakes_a_select_with_its_value() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = Chan::<Counted>::new().split();
        let never = Chan::<i32>::new();
        let receiver = thread::spawn(move || match rx.try_recv() {
            Ok(_) => 1,
            Err(TryRecvError::Empty) => 0,
            Err(TryRecvError::Closed) => panic!("the sender still has its handle"),
        });
        let job = Counted(drops.clone());
        let sent = select! {
            r = tx <- job => usize::from(r.is_ok()),
            v = <-never => v as usize,
        };
        assert_eq!(receiver.join().unwrap(), sent);
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn a_select_beside_plain_operations_on_both_of_its_channels() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::new());
        let receiver = {
            let a = a.clone();
            thread::spawn(move || a.recv())
        };
        let sender = {
            let b = b.clone();
            thread::spawn(move || b.send(7))
        };
        let (mut sent, mut received) = (0, 0);
        for _ in 0..2 {
            select! {
                a <- 5, if sent == 0 => sent += 1,
                v = <-b, if received == 0 => received = v,
            }
        }
        assert_eq!((sent, received), (1, 7));
        assert_eq!((receiver.join().unwrap(), sender.join().unwrap()), (Some(5), Ok(())));
    });
}

#[test]
fn several_selects_that_wait_get_one_value_each() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::new());
        let waiting = [(); 2].map(|()| {
            let (a, b) = (a.clone(), b.clone());
            thread::spawn(move || {
                select! {
                    v = <-a => v,
                    v = <-b => v,
                }
            })
        });
        let other = {
            let a = a.clone();
            thread::spawn(move || a.send(1).unwrap())
        };
        b.send(2).unwrap();
        other.join().unwrap();
        let mut got = waiting.map(|waiting| waiting.join().unwrap());
        got.sort_unstable();
        assert_eq!(got, [1, 2]);
        assert_eq!((a.try_send(3), b.try_send(3)), (Err(TrySendError::Full(3)), Err(TrySendError::Full(3))));
    });
}

#[test]
fn one_value_wakes_one_of_several_selects_and_close_the_rest() {
    check(|| {
        let (a, quit) = (Chan::<i32>::new(), Chan::<()>::new());
        let waiting = [(); 2].map(|()| {
            let (a, quit) = (a.clone(), quit.clone());
            thread::spawn(move || {
                select! {
                    v = <-a => v,
                    <-quit => 0,
                }
            })
        });
        a.send(1).unwrap();
        quit.close();
        assert_eq!(waiting.map(|waiting| waiting.join().unwrap()).iter().sum::<i32>(), 1);
        assert_eq!(a.try_send(3), Err(TrySendError::Full(3)));
    });
}

#[test]
fn several_arms_of_one_channel_are_one_receive() {
    check(|| {
        let (tx, rx) = Chan::<i32>::new().split();
        let sender = thread::spawn(move || (1..=3).for_each(|v| tx.send(v).unwrap()));
        let got = [(); 3].map(|()| {
            select! {
                v = <-rx => v,
                Some(v) = <-rx => v,
                v = <-rx => v,
            }
        });
        assert_eq!(got, [1, 2, 3]);
        sender.join().unwrap();
    });
}

#[test]
fn default_is_not_taken_while_something_is_ready() {
    check(|| {
        let (a, b) = (Chan::<i32>::with_capacity(1), Chan::<i32>::with_capacity(1));
        b.send(1).unwrap();
        let third_party = {
            let (a, b) = (a.clone(), b.clone());
            thread::spawn(move || {
                a.send(2).unwrap();
                _ = b.try_recv();
            })
        };
        let ran = select! {
            v = <-a => v,
            v = <-b => v,
            default => 0,
        };
        assert_ne!(ran, 0, "there was no instant at which both were empty");
        third_party.join().unwrap();
    });
}

#[test]
fn default_is_not_taken_after_a_close_either() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::with_capacity(1));
        b.send(1).unwrap();
        let third_party = {
            let (a, b) = (a.clone(), b.clone());
            thread::spawn(move || {
                a.close();
                _ = b.try_recv();
            })
        };
        assert!(select! {
            <-b => true,
            <-a => true,
            default => false,
        });
        third_party.join().unwrap();
    });
}

#[test]
fn a_some_arm_that_goes_off_while_it_waits_leaves_the_others_on() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::new());
        let closers = [(a.clone(), None), (b.clone(), Some(5))].map(|(ch, last)| {
            thread::spawn(move || {
                last.map(|v| ch.send(v).unwrap());
                ch.close();
            })
        });
        assert_eq!(merge(&a, &b), [5]);
        closers.into_iter().for_each(|closer| closer.join().unwrap());
    });
}

#[test]
fn a_timeout_of_a_set_beside_a_hand_over_delivers_or_returns() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::new());
        let sender = {
            let a = a.clone();
            thread::spawn(move || a.send_timeout(7, Duration::from_millis(1)).is_ok())
        };
        let mut set = Select::new();
        let (from, _) = (set.recv(&a), set.recv(&b));
        let got = set.wait_timeout(Duration::from_millis(1)).map(|selected| selected.recv(from));
        assert_eq!(got, sender.join().unwrap().then_some(Some(7)));
        drop(set);
        assert_eq!(b.try_send(1), Err(TrySendError::Full(1)));
    });
}

#[test]
fn a_dropped_async_wait_gives_its_value_back() {
    check(|| {
        let (a, b) = (Chan::<i32>::new(), Chan::<i32>::new());
        let sender = {
            let a = a.clone();
            thread::spawn(move || a.send(5).unwrap())
        };
        {
            let mut set = Select::new();
            let (from, _) = (set.recv(&a), set.recv(&b));
            let mut wait = std::pin::pin!(set.wait_async());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            if let std::task::Poll::Ready(selected) = wait.as_mut().poll(&mut context) {
                assert_eq!(selected.recv(from), Some(5));
                sender.join().unwrap();
                return;
            }
            thread::yield_now();
        }
        assert_eq!(a.recv(), Some(5));
        sender.join().unwrap();
        assert_eq!(b.try_send(1), Err(TrySendError::Full(1)));
    });
}

/// Each in its own order, several times with one set.
#[test]
fn sets_that_are_used_again_lock_in_one_order() {
    for capacity in [0, 1] {
        let body = move || {
            let (a, b) = (Chan::<i32>::with_capacity(capacity), Chan::<i32>::with_capacity(capacity));
            let takes = |first: Chan<i32>, second: Chan<i32>| {
                thread::spawn(move || {
                    let mut set = Select::new();
                    let arms = [set.recv(&first), set.recv(&second)];
                    let mut take = || {
                        let selected = set.wait();
                        let arm = arms[selected.index()];
                        selected.recv(arm).unwrap()
                    };
                    [take(), take()]
                })
            };
            let takers = [takes(a.clone(), b.clone()), takes(b.clone(), a.clone())];
            let other = {
                let b = b.clone();
                thread::spawn(move || (10..12).for_each(|v| b.send(v).unwrap()))
            };
            (0..2).for_each(|v| a.send(v).unwrap());
            other.join().unwrap();
            let mut got: Vec<_> = takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
            got.sort_unstable();
            assert_eq!(got, [0, 1, 10, 11]);
        };
        shuttle::check_random(body, RANDOM / 2);
        shuttle::check_pct(body, PCT / 2, 3);
    }
}

/// One channel in several arms of a set, arms that are off and come back, in all ways to wait.
#[test]
fn a_set_is_used_again_after_all_its_arms_were_off() {
    check(|| {
        let (a, b) = (Chan::<i32>::with_capacity(1), Chan::<i32>::with_capacity(1));
        let gives = |first: Chan<i32>, second: Chan<i32>, value: i32| {
            thread::spawn(move || {
                let mut set = Select::new();
                let arms = [set.send(&first, value), set.send(&second, value), set.send(&first, value)];
                let mut sent = 0;
                while sent < arms.len() {
                    let selected = match sent {
                        0 => set.try_wait(),
                        1 => set.wait_timeout(Duration::from_millis(1)),
                        _ => Some(set.wait()),
                    };
                    let Some(selected) = selected else {
                        thread::yield_now();
                        continue;
                    };
                    let arm = arms[selected.index()];
                    selected.send(arm).unwrap();
                    sent += 1;
                }
                drop(set.try_wait());
                set.refill(arms[0], value);
                set.refill(arms[2], value);
                let selected = set.wait();
                let arm = arms[selected.index()];
                selected.send(arm).unwrap();
            })
        };
        let givers = [gives(a.clone(), b.clone(), 1), gives(b.clone(), a.clone(), 10)];
        let mut set = Select::new();
        let arms = [set.recv(&b), set.recv(&a), set.recv(&b)];
        let mut sum = 0;
        for _ in 0..8 {
            let selected = set.wait();
            let arm = arms[selected.index()];
            sum += selected.recv(arm).unwrap();
        }
        assert_eq!(sum, 4 * 11);
        givers.into_iter().for_each(|giver| giver.join().unwrap());
    });
}
