//! Rows CH-11, CH-12 and CH-13: what is in a channel, and loops over it.

use crate::common::until_waiting;
use gochan::prelude::*;

#[gochan::test]
fn ch_11_len_and_capacity_of_unbuffered_and_nil_are_zero() {
    for ch in [Chan::<u32>::new(), Chan::with_capacity(0), chan!(u32), chan!(u32, 0), Chan::nil()] {
        assert_eq!((ch.len(), ch.capacity()), (0, 0));
        assert_eq!((ch.sender().len(), ch.sender().capacity()), (0, 0));
        assert_eq!((ch.receiver().len(), ch.receiver().capacity()), (0, 0));
        assert!(ch.is_empty());
    }
}

#[gochan::test]
fn ch_11_len_counts_buffered_values_and_no_waiters() {
    let ch = chan!(u32, 2);
    assert_eq!((ch.len(), ch.capacity(), ch.is_empty(), ch.is_full()), (0, 2, true, false));
    send!(ch <- 1);
    assert_eq!((ch.len(), ch.is_empty(), ch.is_full()), (1, false, false));
    send!(ch <- 2);
    let waiting: Vec<_> = (0..3).map(|_| go!([ch] { ch.send(3) })).collect();
    waiting.iter().for_each(until_waiting);
    assert_eq!((ch.len(), ch.capacity(), ch.is_full()), (2, 2, true));
    close!(ch);
    assert_eq!(ch.len(), 2, "closing takes nothing out");

    let unbuffered = chan!(u32);
    let waiting = [go!([unbuffered] { unbuffered.send(1) }), go!([unbuffered] { unbuffered.send(2) })];
    waiting.iter().for_each(until_waiting);
    assert_eq!(unbuffered.len(), 0);
    close!(unbuffered);
}

#[gochan::test]
fn ch_12_range_ends_exactly_after_the_last_value() {
    for capacity in [0, 1, 7] {
        let ch = chan!(u32, capacity);
        go!([ch] {
            for number in 0..20 {
                send!(ch <- number);
            }
            close!(ch);
        });
        let mut seen = Vec::new();
        for number in &ch {
            seen.push(number);
        }
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
        assert_eq!(ch.iter().next(), None);
    }
}

#[gochan::test]
fn ch_12_breaking_out_of_a_range_leaves_the_rest() {
    let ch = chan!(u32, 10);
    (0..10).for_each(|number| send!(ch <- number));
    close!(ch);
    for number in &ch {
        if number == 3 {
            break;
        }
    }
    assert_eq!(ch.len(), 6);
    assert!(ch.receiver().into_iter().eq(4..10));
}

#[gochan::test]
fn ch_12_try_iter_takes_what_is_there_and_does_not_wait() {
    let ch = chan!(u32, 10);
    (0..4).for_each(|number| send!(ch <- number));
    assert!(ch.try_iter().eq(0..4));
    assert_eq!(ch.try_iter().next(), None);
    assert_eq!(ch.receiver().try_iter().next(), None);
    assert!(!ch.is_closed());
}

#[gochan::test]
fn ch_12_a_handle_by_value_ranges_too() {
    let (tx, rx) = chan!(u32).split();
    go!({
        for number in 0..5 {
            send!(tx <- number);
        }
    });
    let mut sum = 0;
    for number in rx {
        sum += number;
    }
    assert_eq!(sum, 10);
    let ch = chan!(u32, 1);
    send!(ch <- 1);
    close!(ch);
    assert_eq!(ch.into_iter().collect::<Vec<_>>(), [1]);
}

#[gochan::test]
fn ch_13_several_that_range_over_one_channel_share_its_values() {
    for capacity in [0, 5] {
        let ch = chan!(usize, capacity);
        let rangers: Vec<_> = (0..8).map(|_| go!([ch] { ch.iter().collect::<Vec<_>>() })).collect();
        for number in 0..4000 {
            send!(ch <- number);
        }
        close!(ch);
        let mut all = Vec::new();
        for ranger in rangers {
            let share = ranger.join().unwrap();
            assert!(share.is_sorted());
            all.extend(share);
        }
        all.sort_unstable();
        assert_eq!(all, (0..4000).collect::<Vec<_>>());
    }
}
