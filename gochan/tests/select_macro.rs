//! What `select!` expands to: every form of arm, what is evaluated when, whose names mean what, which values stay
//! with the caller, how long temporaries live, and ways out of bodies. What the engine does is in the other
//! `select_*.rs`.
#![deny(warnings, unsafe_code, clippy::pedantic)]
#![allow(
    clippy::many_single_char_names,
    clippy::never_loop,
    clippy::redundant_else,
    reason = "what is tested reads so"
)]

#[allow(unsafe_code, clippy::pedantic, reason = "it is linted where the other tests are")]
mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use common::{panic_of, place_of_panic, watchdog};
use gochan::chan::SendError;
use gochan::prelude::*;

/// A channel with these values in it, which is open.
fn filled<T>(values: impl IntoIterator<Item = T>) -> Chan<T> {
    let ch = chan!(T, 16);
    values.into_iter().for_each(|value| send!(ch <- value));
    ch
}

/// A channel with these values in it, which is closed.
fn closed<T>(values: impl IntoIterator<Item = T>) -> Chan<T> {
    let ch = filled(values);
    close!(ch);
    ch
}

/// Something without a zero value.
#[derive(Debug, PartialEq)]
struct Job(u32);

mod arms {
    use super::*;

    #[test]
    fn a_value() {
        let _watchdog = watchdog();
        let rx = closed(["first"]);
        let take = || select! { text = <-rx => text };
        assert_eq!((take(), take(), take()), ("first", "", ""));
    }

    #[test]
    fn a_value_and_ok() {
        let _watchdog = watchdog();
        let rx = closed([7]);
        let take = || select! { n, ok = <-rx => (n, ok) };
        assert_eq!((take(), take()), ((7, true), (0, false)));
    }

    #[test]
    fn ok_alone_needs_no_zero_value() {
        let _watchdog = watchdog();
        let rx = closed([Job(1)]);
        let take = || select! { _, ok = <-rx => ok };
        assert_eq!((take(), take()), (true, false));
    }

    #[test]
    fn nothing_bound_needs_no_zero_value() {
        let _watchdog = watchdog();
        let rx = closed([Job(1), Job(2)]);
        select! { <-rx => {} }
        select! { _ = <-rx => {} }
        assert!(rx.is_empty());
        select! { <-rx => {} }
    }

    #[test]
    fn what_is_not_bound_is_dropped_before_the_body() {
        let _watchdog = watchdog();
        let value = Arc::new(());
        let rx = filled([value.clone(), value.clone()]);
        select! { <-rx => assert_eq!(Arc::strong_count(&value), 2) }
        select! { _ = <-rx => assert_eq!(Arc::strong_count(&value), 1) }
    }

    #[test]
    fn some_value_is_off_once_closed() {
        let _watchdog = watchdog();
        let rx = closed([Job(1)]);
        let take = || select! { Some(job) = <-rx => Some(job), else => None };
        assert_eq!((take(), take()), (Some(Job(1)), None));
    }

    #[test]
    fn some_value_or_else() {
        let _watchdog = watchdog();
        let rx = closed([Job(1)]);
        let take = || select! { Some(Job(n)) = <-rx else { 100 } => n };
        assert_eq!((take(), take()), (1, 100));
        let take = || select! { Some(Job(n)) = <-rx else 200 => n, <-Chan::<()>::nil() => 0 };
        assert_eq!(take(), 200);
    }

    #[test]
    fn the_else_of_an_arm_can_leave() {
        let _watchdog = watchdog();
        let (rx, mut sum) = (closed([1, 2, 3]), 0);
        loop {
            select! {
                Some(n) = <-rx else { break } => sum += n,
            }
        }
        assert_eq!(sum, 6);
        let leave = || {
            select! { Some(_) = <-rx else return "left" => {} }
            "stayed"
        };
        assert_eq!(leave(), "left");
    }

    #[test]
    fn a_send() {
        let _watchdog = watchdog();
        let tx = chan!(u32, 4);
        let three = || 3;
        select! { tx <- 1 => {} }
        select! { tx <- three() => assert_eq!(tx.len(), 2) }
        close!(tx);
        assert_eq!(tx.iter().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(panic_of(|| select! { tx <- 1 => {} }), "send on closed channel");
        let one = 1;
        assert_eq!(panic_of(|| select! { tx <- one => {} }), "send on closed channel");
    }

    #[test]
    fn a_send_with_its_result() {
        let _watchdog = watchdog();
        let tx = chan!(Job, 4);
        let job = Job(2);
        assert_eq!(select! { r = tx <- Job(1) => r }, Ok(()));
        assert_eq!(select! { r = tx <- job => r }, Ok(()));
        close!(tx);
        let job = Job(4);
        assert_eq!(select! { r = tx <- Job(3) => r }, Err(SendError(Job(3))));
        assert_eq!(select! { r = tx <- job => r }, Err(SendError(Job(4))));
    }

    #[test]
    fn a_fallback_at_any_place() {
        let _watchdog = watchdog();
        let (empty, full) = (chan!(u32), filled([1]));
        assert_eq!(select! { default => 0, n = <-empty => n }, 0);
        assert_eq!(select! { n = <-full => n, default => 0, n = <-empty => n }, 1);
        assert_eq!(select! { else => 0, n = <-empty, if false => n }, 0);
        assert_eq!(select! { default => 5 }, 5);
        assert_eq!(select! { else => 6 }, 6);
        assert_eq!(select! { biased; default => 7 }, 7);
    }

    #[test]
    fn guards() {
        let _watchdog = watchdog();
        let (rx, tx, value) = (filled([1]), chan!(u32, 1), 2);
        for (receive, send) in [(false, true), (true, false)] {
            let taken = select! {
                _ = <-rx, if receive => "received",
                tx <- value, if send => "sent",
            };
            assert_eq!(taken, if receive { "received" } else { "sent" });
        }
        let off = select! {
            Some(_) = <-filled([1]) else { unreachable!() }, if rx.len() > 5 => "received",
            tx <- value + 1, if tx.len() > 1 => "sent",
            r = tx <- value, if { let full = tx.is_full(); !full } => if r.is_ok() { "sent" } else { "failed" },
            else => "off",
        };
        assert_eq!(off, "off");
    }

    #[test]
    fn any_irrefutable_pattern() {
        struct Point {
            x: i32,
            y: i32,
        }
        let _watchdog = watchdog();
        let pairs = closed([(1, "one"), (2, "two"), (3, "three")]);
        assert_eq!(select! { (n, text) = <-pairs => (n, text) }, (1, "one"));
        assert_eq!(select! { (n, _), ok = <-pairs => (n, ok) }, (2, true));
        assert_eq!(select! { Some(whole @ (n, ..)) = <-pairs => (whole, n), else => unreachable!() }.1, 3);
        let points = filled([Point { x: 1, y: 2 }]);
        assert_eq!(select! { Some(Point { x, mut y }) = <-points => { y += x; y } }, 3);
        let numbers = filled([1, 2]);
        assert_eq!(select! { mut n = <-numbers => { n += 1; n } }, 2);
        assert_eq!(select! { ref n = <-numbers => *n }, 2);
        let arrays = filled([[1, 2, 3]]);
        assert_eq!(select! { [first, .., last] = <-arrays => first + last }, 4);
        let tx = chan!(u32, 1);
        assert!(select! { (Ok(()) | Err(SendError(_))) = tx <- 1 => true });
    }

    #[test]
    fn any_operand() {
        struct Holder {
            ch: Chan<u32>,
            all: [Chan<u32>; 1],
        }
        impl Holder {
            fn take(&mut self) -> u32 {
                select! { n = <-self.ch => n }
            }
        }
        let _watchdog = watchdog();
        let ch = filled(0..16);
        let mut holder = Holder { ch: ch.clone(), all: [ch.clone()] };
        let (reference, option, nil, index) = (&&ch, Some(ch.clone()), None::<Chan<u32>>, 0);
        let taken = [
            select! { n = <-&ch => n },
            select! { n = <-reference => n },
            select! { n = <-*reference => n },
            select! { n = <-holder.ch => n },
            select! { n = <-holder.all[index] => n },
            select! { n = <-ch.receiver() => n },
            select! { n = <-option => n },
            select! { n = <-option.as_ref().filter(|_| true) => n },
            select! { n = <-if index == 0 { &ch } else { reference } => n },
            select! { n = <-{ assert_eq!(index, 0); ch.clone() } => n },
            select! { n = <-match index { 0 => &ch, _ => reference } => n },
            select! { n = <-nil => n, m = <-ch => m },
            holder.take(),
        ];
        assert!(taken.into_iter().eq(0..13));
        let boxed = chan!(Box<dyn Fn(&str) -> usize + Send>, 1);
        select! { boxed <- Box::new(|text| text.len() + index) => {} }
        assert_eq!(select! { Some(length) = <-boxed => length("four") }, 4);
    }

    #[test]
    fn biased_takes_the_first_that_is_ready() {
        let _watchdog = watchdog();
        let (a, b) = (filled(0..8), filled(0..8));
        for turn in 0..8 {
            assert_eq!(select! { biased; n = <-a => (n, 'a'), n = <-b => (n, 'b') }, (turn, 'a'));
        }
    }

    #[test]
    fn words_of_the_grammar_are_ordinary_names_elsewhere() {
        let _watchdog = watchdog();
        let (biased, default) = (chan!(u32, 1), chan!(u32, 1));
        select! { biased <- 1 => {} }
        select! { default <- 2 => {} }
        assert_eq!(select! { default = <-biased => default }, 1);
        assert_eq!(select! { biased = <-default => biased }, 2);
    }

    #[test]
    fn a_hundred_arms() {
        let _watchdog = watchdog();
        macro_rules! twenty_times {
            ($($arm:tt)*) => { four_times! { $($arm)* $($arm)* $($arm)* $($arm)* $($arm)* } };
        }
        macro_rules! four_times {
            ($($arm:tt)*) => { select! { $($arm)* $($arm)* $($arm)* $($arm)* } };
        }
        let (rx, tx, job) = (chan!(u32), chan!(u32), 1);
        close!(rx);
        let taken = twenty_times! {
            v, ok = <-rx => (v, ok),
            tx <- job => (job, true),
            r = tx <- job + 1 => (0, r.is_ok()),
            Some(v) = <-rx => (v, true),
            <-tx => (0, false),
        };
        assert_eq!(taken, (0, false));
    }
}

mod values {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Task {
        job: Job,
        spare: Job,
    }

    impl Task {
        fn offer(self, to: &Chan<Job>) -> Result<Job, Self> {
            select! {
                to <- self.job => Ok(self.spare),
                default => Err(self),
            }
        }

        fn give(self, to: &Chan<Self>) -> Option<Self> {
            select! { to <- self => None, default => Some(self) }
        }
    }

    #[test]
    fn what_was_not_sent_is_still_the_callers() {
        let _watchdog = watchdog();
        let (tx, job) = (chan!(Job), Job(1));
        let back = select! {
            tx <- job => None,
            <-closed([(); 0]) => Some(job),
        };
        assert_eq!(back, Some(Job(1)));
    }

    #[test]
    fn what_was_sent_is_not_dropped() {
        let _watchdog = watchdog();
        let (tx, value) = (chan!(Arc<()>, 1), Arc::new(()));
        let copy = value.clone();
        select! { tx <- copy => assert_eq!(Arc::strong_count(&value), 2) }
        assert_eq!(Arc::strong_count(&value), 2);
        drop(tx.recv());
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn what_could_not_be_sent_is_dropped_once() {
        let _watchdog = watchdog();
        let (tx, value) = (closed([]), Arc::new(()));
        let copy = value.clone();
        assert_eq!(panic_of(|| select! { tx <- copy => {} }), "send on closed channel");
        assert_eq!(panic_of(|| select! { tx <- value.clone() => {} }), "send on closed channel");
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn fields() {
        let _watchdog = watchdog();
        let (tx, never) = (chan!(Job, 1), chan!(Job));
        let task = Task { job: Job(1), spare: Job(2) };
        let left = select! {
            tx <- task.job => task.spare,
            never <- task.spare => task.job,
        };
        assert_eq!((left, tx.recv()), (Job(2), Some(Job(1))));
        let nested = ((Job(3), 4), [5]);
        select! { tx <- nested.0.0 => assert_eq!((nested.0.1, nested.1), (4, [5])) }
        assert_eq!(tx.recv(), Some(Job(3)));
    }

    #[test]
    fn self_and_its_fields() {
        let _watchdog = watchdog();
        let task = Task { job: Job(1), spare: Job(2) };
        let task = task.offer(&chan!(Job)).unwrap_err();
        let task = task.give(&chan!(Task)).unwrap();
        let tasks = chan!(Task, 1);
        assert_eq!(task.give(&tasks), None);
        assert_eq!(tasks.recv().unwrap().offer(&chan!(Job, 1)), Ok(Job(2)));
    }

    #[test]
    fn what_a_box_points_to() {
        let _watchdog = watchdog();
        let (tx, boxed) = (chan!(Job, 1), Box::new(Job(1)));
        let boxed = select! { tx <- *boxed, if false => unreachable!(), default => boxed };
        select! { tx <- (*boxed) => {} }
        assert_eq!(tx.recv(), Some(Job(1)));
    }

    #[test]
    fn operands_may_look_at_what_is_sent() {
        let _watchdog = watchdog();
        let (tx, done, job) = (chan!(Job, 1), chan!(()), Job(3));
        let ready = |job: &Job| job.0 == 3;
        let back = select! {
            tx <- job, if ready(&job) => None,
            <-*(&job, &done).1 => Some(job),
            <-vec![&done; job.0 as usize].swap_remove(0) => Some(job),
        };
        assert_eq!((back, tx.recv()), (None, Some(Job(3))));
    }

    #[test]
    fn copies() {
        let _watchdog = watchdog();
        let (tx, n) = (chan!(u32, 4), 1);
        let reference = &n;
        let guarded = std::sync::Mutex::new(3);
        let guard = guarded.lock().unwrap();
        select! { tx <- n => assert_eq!(n, 1) }
        select! { tx <- *reference => assert_eq!(*reference, 1) }
        select! { tx <- *guard => assert_eq!(*guard, 3) }
        close!(tx);
        assert!(tx.iter().eq([1, 1, 3]));
    }

    #[test]
    fn a_place_filled_again_in_a_loop() {
        let _watchdog = watchdog();
        let (tx, mut job, mut sent) = (chan!(Job, 3), Job(0), 0);
        loop {
            select! {
                tx <- job => {
                    sent += 1;
                    job = Job(sent);
                }
                default => break,
            }
        }
        assert_eq!(job, Job(3));
        close!(tx);
        assert!(tx.iter().eq([Job(0), Job(1), Job(2)]));
    }

    #[test]
    fn one_place_in_several_arms() {
        let _watchdog = watchdog();
        let (a, b, job) = (chan!(Job), chan!(Job, 1), Job(1));
        let back = select! {
            a <- job => None,
            r = b <- job => { r.unwrap(); None }
            <-chan!(()) => Some(job),
        };
        assert_eq!((back, b.recv()), (None, Some(Job(1))));
    }

    #[test]
    fn a_value_without_a_place_goes_before_the_other_body() {
        let _watchdog = watchdog();
        let (tx, value) = (chan!(Arc<()>), Arc::new(()));
        select! {
            tx <- value.clone() => {}
            r = tx <- { value.clone() } => r.unwrap(),
            <-closed([(); 0]) => assert_eq!(Arc::strong_count(&value), 1),
        }
        select! {
            tx <- value.clone() => {}
            Some(()) = <-closed([]) else { assert_eq!(Arc::strong_count(&value), 1) } => {}
        }
        select! { tx <- value.clone() => {}, default => assert_eq!(Arc::strong_count(&value), 1) }
        let (room, copy) = (chan!(Arc<()>, 1), value.clone());
        select! {
            tx <- value.clone() => {}
            room <- copy => assert_eq!(Arc::strong_count(&value), 2),
        }
    }

    #[test]
    fn constants_and_the_like_are_values() {
        const LIMIT: u32 = 3;
        static SHARED: u32 = 4;
        let _watchdog = watchdog();
        let (tx, list) = (chan!(u32, 8), [5, 6]);
        select! { tx <- LIMIT => {} }
        select! { tx <- SHARED => {} }
        select! { tx <- u32::MAX => {} }
        select! { tx <- list[1] => {} }
        select! { tx <- 7_u8.into() => {} }
        close!(tx);
        assert!(tx.iter().eq([3, 4, u32::MAX, 6, 7]));
        let options = chan!(Option<u32>, 1);
        select! { options <- None => {} }
        assert_eq!(options.recv(), Some(None));
    }
}

mod order {
    use super::*;

    #[test]
    fn operands_are_evaluated_once_as_written() {
        let _watchdog = watchdog();
        let log = RefCell::new(Vec::new());
        let (rx, tx) = (chan!(u32), chan!(u32));
        let note = |what| log.borrow_mut().push(what);
        select! {
            _ = <-{ note("receive"); &rx }, if { note("guard"); true } => {}
            { note("channel"); &tx } <- { note("value"); 1 }, if { note("false"); false } => {}
            r = { note("second channel"); &tx } <- { note("second value"); 1 } => r.unwrap(),
            Some(_) = <-{ note("some"); &rx } else { unreachable!() } => {}
            default => note("default"),
        }
        assert_eq!(
            log.into_inner(),
            [
                "receive",
                "guard",
                "channel",
                "value",
                "false",
                "second channel",
                "second value",
                "some",
                "default"
            ]
        );
    }

    #[test]
    fn a_place_is_read_when_it_is_sent() {
        let _watchdog = watchdog();
        let tx = chan!(Rc<Cell<u32>>, 1);
        let cell = Rc::new(Cell::new(1));
        select! {
            tx <- cell => {}
            <-{ cell.set(2); chan!(()) } => {}
        }
        assert_eq!(tx.recv().unwrap().get(), 2);
    }

    struct Temporary<'a> {
        ch: Chan<u32>,
        log: &'a RefCell<Vec<&'static str>>,
    }

    impl Drop for Temporary<'_> {
        fn drop(&mut self) {
            self.log.borrow_mut().push("dropped");
        }
    }

    #[test]
    fn temporaries_end_between_the_choice_and_the_body() {
        let _watchdog = watchdog();
        let log = RefCell::new(Vec::new());
        let make = |ch: &Chan<u32>| Temporary { ch: ch.clone(), log: &log };
        let (rx, tx, n) = (closed([]), chan!(u32, 9), 1);
        let body = || log.borrow_mut().push("body");
        select! { _ = <-make(&rx).ch => body() }
        select! { n = <-make(&rx).ch, if true => { assert_eq!(n, 0); body(); } }
        select! { make(&tx).ch <- n => body() }
        select! { make(&tx).ch <- n + 1 => body() }
        select! { r = make(&tx).ch <- n => { r.unwrap(); body(); } }
        select! { Some(_) = <-make(&rx).ch else { body() } => {} }
        select! { _ = <-make(&tx).ch, if false => {}, default => body() }
        assert_eq!(log.into_inner(), ["dropped", "body"].repeat(7));
    }

    #[test]
    fn the_temporaries_of_guards_and_values_end_before_the_wait() {
        let _watchdog = watchdog();
        let lock = std::sync::Mutex::new(1);
        let (tx, rx) = (chan!(u32), chan!(()));
        let taken = select! {
            tx <- *lock.lock().unwrap() + 1 => "sent",
            <-rx, if *lock.lock().unwrap() == 1 => "received",
            <-{ assert!(lock.try_lock().is_ok()); &rx } => "received",
            default => "neither",
        };
        assert_eq!(taken, "neither");
    }

    #[test]
    fn the_channel_may_be_a_temporary() {
        let _watchdog = watchdog();
        let soon = || {
            let ch = chan!(());
            go!([ch] { close!(ch) });
            ch.receiver()
        };
        select! { <-soon() => {} }
        select! { <-chan!(u32) => {}, <-soon() => {} }
    }

    #[test]
    fn temporaries_of_a_body_end_before_what_its_arm_binds() {
        let _watchdog = watchdog();
        let cells = filled([RefCell::new(1), RefCell::new(2), RefCell::new(3)]);
        assert_eq!(select! { cell = <-cells => *cell.borrow() }, 1);
        assert_eq!(select! { Some(cell) = <-cells => { *cell.borrow() } }, 2);
        assert_eq!(select! { cell, ok = <-cells => if ok { *cell.borrow() } else { 0 } }, 3);
    }
}

mod names {
    use super::*;

    #[test]
    fn ours_and_yours_do_not_meet() {
        #![allow(non_snake_case, unused_variables)]
        let _watchdog = watchdog();
        let (__gochan_slot0, __gochan_chosen, __gochan_moving) = (chan!(u32, 4), 1, 2);
        let (channel, value, result, on, given_up) = (&__gochan_slot0, 3, 4, true, 5);
        select! { channel <- value, if on => assert_eq!((__gochan_chosen, __gochan_moving), (1, 2)) }
        select! { r = __gochan_slot0 <- result => { r.unwrap(); assert_eq!(result, 4); } }
        select! { __gochan_slot0 <- given_up + value => assert_eq!(given_up + value, 8) }
        select! { __gochan_chosen = <-__gochan_slot0, if on => assert_eq!((__gochan_chosen, value), (3, 3)) }
        select! { value, on = <-channel => assert_eq!((value, on), (4, true)) }
        select! { Some(channel) = <-channel => assert_eq!((channel, value), (8, 3)) }
    }

    #[test]
    fn yours_shadow_none_of_ours() {
        #![allow(unused, non_camel_case_types)]
        mod core {}
        mod gochan {}
        struct Some2;
        enum Option {
            None,
        }
        fn drop() {}
        fn run() {}
        let _watchdog = watchdog();
        let (rx, tx) = (closed([1]), chan!(u32, 1));
        let n = 2;
        assert_eq!(::gochan::select! { Some(n) = <-rx => n, else => 0 }, 1);
        ::gochan::select! { <-rx => {}, tx <- n, if false => {} }
        ::gochan::select! { tx <- n => {} }
    }

    #[test]
    fn in_a_macro_of_yours() {
        macro_rules! first {
            ($($rx:expr),* ; $default:expr) => { select! { $(Some(v) = <-$rx => v,)* default => $default } };
        }
        macro_rules! offer {
            ($tx:ident, $value:expr, $name:ident => $body:block) => {
                select! { $name = $tx <- $value => $body }
            };
        }
        let _watchdog = watchdog();
        let (a, b, job) = (chan!(Job), filled([Job(1)]), Job(2));
        assert_eq!(first!(a, &b; job), Job(1));
        let job = Job(2);
        offer!(b, job, sent => { assert_eq!(sent, Ok(())) });
        let job = Job(3);
        assert_eq!(first!(&a, b; job), Job(2));
    }

    #[test]
    fn a_select_in_a_select() {
        let _watchdog = watchdog();
        let (a, b, c) = (filled([1]), filled([filled([2])]), chan!(i32, 1));
        select! {
            n = <-a => select! {
                m = <-select! { Some(inner) = <-b => inner } => select! {
                    c <- select! { default => n + m } => {}
                    default => unreachable!(),
                },
                default => unreachable!(),
            },
        }
        assert_eq!(c.recv(), Some(3));
    }
}

mod ways_out {
    use super::*;

    #[test]
    fn break_and_continue() {
        let _watchdog = watchdog();
        let (rx, mut odd) = (closed(0..10), 0);
        loop {
            select! {
                n, ok = <-rx => {
                    if !ok {
                        break;
                    }
                    if n % 2 == 0 {
                        continue;
                    }
                    odd += 1;
                }
            }
        }
        assert_eq!(odd, 5);
    }

    #[test]
    fn labels() {
        let _watchdog = watchdog();
        let rx = filled([1]);
        let found = 'search: {
            for _ in 0..3 {
                loop {
                    select! { n = <-rx => break 'search n }
                }
            }
            0
        };
        assert_eq!(found, 1);
        let mut turns = 0;
        'outer: loop {
            turns += 1;
            loop {
                select! { <-closed([(); 0]) => if turns < 3 { continue 'outer } else { break 'outer } }
            }
        }
        assert_eq!(turns, 3);
    }

    #[test]
    fn break_with_a_value() {
        let _watchdog = watchdog();
        let rx = filled(1..4);
        let three = loop {
            select! { n = <-rx => if n == 3 { break n } }
        };
        assert_eq!(three, 3);
    }

    #[test]
    fn out_of_operands() {
        fn sent(tx: &Chan<u32>, text: &str) -> Result<bool, std::num::ParseIntError> {
            select! {
                tx <- text.parse()?, if !text.is_empty() => Ok(true),
                default => Ok(false),
            }
        }
        let _watchdog = watchdog();
        let tx = chan!(u32, 1);
        assert!(sent(&tx, "x").is_err());
        assert_eq!((sent(&tx, "1"), sent(&tx, "2")), (Ok(true), Ok(false)));
        let mut channels = vec![closed([1]), closed([2])];
        let mut sum = 0;
        loop {
            select! {
                Some(n) = <-match channels.pop() { Some(next) => next, None => break } else { unreachable!() } => sum += n,
            }
        }
        assert_eq!(sum, 3);
    }

    #[test]
    fn question_mark_and_return() {
        fn half(rx: &Chan<&str>) -> Result<i32, std::num::ParseIntError> {
            select! {
                text = <-rx => {
                    let n: i32 = text.parse()?;
                    if n % 2 == 1 {
                        return Ok(0);
                    }
                    Ok(n / 2)
                }
            }
        }
        let _watchdog = watchdog();
        let rx = filled(["8", "x", "5"]);
        assert_eq!(half(&rx), Ok(4));
        assert!(half(&rx).is_err());
        assert_eq!(half(&rx), Ok(0));
    }

    #[test]
    fn bodies_borrow_and_change_what_is_around() {
        let _watchdog = watchdog();
        let (rx, mut log, text) = (filled(["b"]), vec!["a"], String::from("moved"));
        let back = select! {
            line = <-rx => {
                log.push(line);
                text
            }
            <-chan!(()) => text,
        };
        assert_eq!((log, back), (vec!["a", "b"], "moved".to_owned()));
    }

    #[test]
    fn diverging_arms_take_any_type() {
        fn two(rx: &Chan<u8>) -> u64 {
            let n = select! {
                n = <-rx => u64::from(n),
                <-Chan::<()>::nil() => panic!("never"),
                default => return 2,
            };
            n + 1
        }
        let _watchdog = watchdog();
        assert_eq!((two(&filled([4])), two(&chan!(u8))), (5, 2));
        let coerced: Box<dyn Fn() -> u32> = select! {
            <-filled([()]) => Box::new(|| 1),
            default => Box::new(|| 2),
        };
        assert_eq!(coerced(), 1);
    }

    #[test]
    fn nothing_to_choose_from_has_every_type() {
        fn park() -> u32 {
            select! {}
        }
        fn park_in_order() -> ! {
            select! { biased; }
        }
        let _: (fn() -> u32, fn() -> !) = (park, park_in_order);
    }

    #[test]
    fn from_closures() {
        let _watchdog = watchdog();
        let (tx, job) = (chan!(Job, 1), Job(1));
        let offer = move |tx: &Chan<Job>| select! { tx <- job => None, default => Some(job) };
        assert_eq!(offer(&tx), None);
        assert_eq!(tx.recv(), Some(Job(1)));
    }

    #[test]
    fn a_panic_is_reported_where_the_select_stands() {
        let _watchdog = watchdog();
        let (tx, n) = (closed([]), 1);
        let line = line!() + 1;
        let (file, at) = place_of_panic(|| select! { tx <- n => {} });
        assert_eq!((file.as_str(), at), (file!(), line));
        let (_, at) = place_of_panic(|| select! { tx <- n + 1 => {} });
        assert_eq!(at, line + 2);
    }
}
