//! Rows CH-14, CH-21 and CH-24 to CH-26: values of every size, and what is around a value: capacity, panics, memory order.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::common::{Plain, panic_of, place_of_panic};
use gochan::Builder;
use gochan::chan::TryRecvError;
use gochan::prelude::*;

/// Sends `values` through channels of several capacities, by goroutines and by this thread.
#[track_caller]
fn passes<T: Clone + PartialEq + Debug + Send + 'static>(values: &[T]) {
    // A value is copied at calls on its way, here and in the channel, and each copy has its place on the stack.
    let copies = if cfg!(debug_assertions) { 40 } else { 10 };
    let roomy = || Builder::new().stack_size((256 << 10) + copies * size_of::<T>());
    for capacity in [0, 1, 3] {
        let ch = chan!(T, capacity);
        let all = values.to_vec();
        let tx = ch.clone();
        let sender = roomy().spawn(move || {
            for value in all {
                send!(tx <- value);
            }
            close!(tx);
        });
        assert_eq!(ch.iter().collect::<Vec<T>>(), values, "from a goroutine, capacity {capacity}");
        sender.join().unwrap();

        let ch = chan!(T, capacity);
        let rx = ch.clone();
        let receiver = roomy().spawn(move || rx.iter().collect::<Vec<T>>());
        for value in values {
            assert_eq!(ch.send(value.clone()), Ok(()));
        }
        close!(ch);
        assert_eq!(receiver.join().unwrap(), values, "to a goroutine, capacity {capacity}");
    }
}

#[gochan::test]
fn ch_14_zero_sized_values() {
    #[derive(Clone, Debug, PartialEq)]
    struct Nothing;
    passes(&[(); 10]);
    passes(&[Nothing, Nothing, Nothing]);
}

#[gochan::test]
fn ch_14_values_of_one_byte() {
    passes(&(0..=255_u8).collect::<Vec<_>>());
}

#[gochan::test]
fn ch_14_values_of_64_kib() {
    #[derive(Clone, PartialEq)]
    struct Large([u8; 64 << 10]);
    impl Debug for Large {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "Large([{}, …])", self.0[0])
        }
    }
    let values: Vec<Large> = (0..5).map(|byte| Large([byte; 64 << 10])).collect();
    passes(&values);
}

#[gochan::test]
fn ch_14_values_aligned_to_128_bytes() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(128))]
    struct Aligned(u8);
    let values: Vec<Aligned> = (0..9).map(Aligned).collect();
    passes(&values);

    let ch = chan!(Aligned, 3);
    let receiver = go!([ch] { ch.iter().all(|value| (&raw const value).addr() % 128 == 0) });
    values.iter().for_each(|value| send!(ch <- value.clone()));
    close!(ch);
    assert!(receiver.join().unwrap());
}

#[gochan::test]
fn ch_14_zero_sized_values_aligned_to_128_bytes() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(128))]
    struct Nothing;
    passes(&[Nothing, Nothing, Nothing]);
}

#[gochan::test]
fn ch_21_a_channel_carries_channels() {
    let requests = chan!((u32, Sender<u32>));
    go!([requests] {
        for (number, reply) in &requests {
            send!(reply <- number * 2);
        }
    });
    for number in 0..10 {
        let reply = chan!(u32);
        send!(requests <- (number, reply.sender()));
        assert_eq!(recv!(reply), number * 2);
    }
    close!(requests);
}

#[gochan::test]
fn ch_21_a_channel_carries_its_own_handle() {
    struct Envelope(Chan<Envelope>);
    let ch = Chan::<Envelope>::with_capacity(1);
    assert!(ch.send(Envelope(ch.clone())).is_ok());
    let Envelope(inner) = ch.recv().expect("it was sent");
    assert!(inner.same_channel(&ch));
    // Left inside, the handle would keep the channel alive, and itself with it.
    assert!(inner.is_empty());
}

#[gochan::test]
fn ch_24_a_capacity_that_cannot_be_allocated_is_a_panic() {
    for capacity in [usize::MAX, usize::MAX / 2, usize::MAX / 8, usize::MAX / 16, 1 << 56] {
        let said = panic_of(|| drop(Chan::<u64>::with_capacity(capacity)));
        assert!(said.contains(&capacity.to_string()) && said.contains("allocated"), "{said}");
    }
    assert!(panic_of(|| drop(chan!([u8; 4096], usize::MAX))).contains("allocated"));
}

#[gochan::test]
fn ch_24_the_panic_is_at_the_line_that_asks_for_too_much() {
    let line = line!();
    let method = place_of_panic(|| drop(Chan::<u64>::with_capacity(usize::MAX)));
    let macro_ = place_of_panic(|| drop(chan!(u64, usize::MAX)));
    assert_eq!(method, (file!().to_owned(), line + 1));
    assert_eq!(macro_, (file!().to_owned(), line + 2));
}

#[gochan::test]
fn ch_24_zero_sized_values_need_no_memory_for_any_capacity() {
    // Refused or kept: never an abort, and never a smaller buffer than asked for.
    let made = std::panic::catch_unwind(|| Chan::<()>::with_capacity(usize::MAX));
    if let Ok(ch) = made {
        assert_eq!(ch.capacity(), usize::MAX);
        for _ in 0..1000 {
            assert_eq!(ch.try_send(()), Ok(()));
        }
        assert_eq!(ch.len(), 1000);
    }
}

#[gochan::test]
fn ch_25_a_senders_panic_leaves_the_channel_usable() {
    for capacity in [0, 4] {
        let ch = chan!(u32, capacity);
        let panicking = go!([ch] {
            send!(ch <- 1);
            send!(ch <- 2);
            panic!("after two");
        });
        assert_eq!((recv!(ch), recv!(ch)), (1, 2));
        assert!(panicking.join().is_err());
        let sender = go!([ch] {
            send!(ch <- 3);
        });
        assert_eq!(recv!(ch), 3);
        sender.join().unwrap();
        assert!(!ch.is_closed());
    }
}

#[gochan::test]
fn ch_25_a_panic_in_the_value_expression_sends_nothing() {
    let ch = chan!(u32, 1);
    let no_value = || -> u32 { panic!("no value") };
    panic_of(|| send!(ch <- no_value()));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    send!(ch <- 1);
    assert_eq!(recv!(ch), 1);
}

#[gochan::test]
fn ch_26_a_buffer_of_c_lets_c_in_at_a_time() {
    for capacity in [1, 3] {
        let semaphore = chan!((), capacity);
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let goroutines: Vec<_> = (0..16)
            .map(|_| {
                go!([semaphore, inside, most] {
                    for _ in 0..50 {
                        send!(semaphore <- ());
                        most.fetch_max(inside.fetch_add(1, Relaxed) + 1, Relaxed);
                        gochan::runtime::gosched();
                        inside.fetch_sub(1, Relaxed);
                        recv!(semaphore);
                    }
                })
            })
            .collect();
        goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
        assert!(most.load(Relaxed) <= capacity);
    }
}

#[gochan::test]
fn ch_26_a_receive_happens_before_the_send_it_made_room_for_completes() {
    // A buffer of one as a lock over memory that has no other.
    let lock = chan!((), 1);
    let memory = Arc::new(Plain::default());
    let goroutines: Vec<_> = (0..8)
        .map(|_| {
            go!([lock, memory] {
                for _ in 0..500 {
                    send!(lock <- ());
                    memory.set(memory.get() + 1);
                    recv!(lock);
                }
            })
        })
        .collect();
    goroutines.into_iter().for_each(|goroutine| goroutine.join().unwrap());
    send!(lock <- ());
    assert_eq!(memory.get(), 8 * 500);
}
