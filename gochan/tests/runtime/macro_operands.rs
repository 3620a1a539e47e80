//! Macros and attributes whose operands come from a macro of the user's: `$e:expr`, `$b:block`, `$t:ty` and their like
//! arrive in groups without delimiters. All of it must mean what it means when it is written by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use gochan::prelude::*;

macro_rules! tests {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident() $(-> $result:ty)? $body:block)*) => {
        $(#[gochan::test] $(#[$meta])* $vis fn $name() $(-> $result)? $body)*
    };
}

tests! {
    fn go_24_a_test_has_a_body_from_a_macro() {
        assert_eq!(1 + 1, 2);
    }
    /// With an attribute.
    #[should_panic(expected = "on purpose")]
    pub(crate) fn go_24_a_test_has_attributes_from_a_macro() {
        panic!("on purpose");
    }
    pub(crate) fn go_24_a_test_has_a_result_from_a_macro() -> Result<(), std::num::ParseIntError> {
        "1".parse::<u8>().map(drop)
    }
}

macro_rules! named {
    ($name:ident, $body:block) => {
        #[gochan::test(timeout = "60s")]
        fn $name() $body
    };
    ($name:ident, $($statements:tt)*) => {
        #[gochan::test]
        fn $name() { $($statements)* }
    };
}

named!(go_24_a_test_has_a_block, {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1) });
    assert_eq!(recv!(ch), 1);
});
named! { go_24_a_test_has_statements, let ch = chan!(u32, 1); send!(ch <- 1); assert_eq!(recv!(ch), 1); }

macro_rules! with_arguments {
    ($name:ident, $stack:expr, $runs:literal, $timeout:literal, $krate:path, $body:block) => {
        #[gochan::test(stack_size = $stack, explore = $runs, timeout = $timeout, crate = $krate)]
        fn $name() $body
    };
    // Two macros deep.
    ($name:ident, $body:block) => {
        with_arguments! { $name, 1 << 17, 3, "60s", ::gochan, $body }
    };
}

with_arguments!(go_24_a_test_has_arguments_from_a_macro, 1 << 17, 3, "60s", gochan, {});
with_arguments!(go_24_a_test_is_two_macros_deep, {});

macro_rules! items {
    ($($item:item)*) => { $(#[gochan::test] $item)* };
}

items! {
    fn go_24_a_test_is_an_item_of_a_macro() {}
    /// With a comment.
    pub(crate) fn go_24_a_test_is_an_item_with_a_comment() -> Result<(), String> { Ok(()) }
}

mod mains {
    use std::process::ExitCode;

    macro_rules! program {
        ($vis:vis $name:ident $body:block) => {
            #[gochan::main]
            $vis fn $name() $body
        };
        ($name:ident -> $result:ty $body:block) => {
            #[gochan::main(stack_size = 1 << 17)]
            pub(super) fn $name() -> $result $body
        };
    }

    program!(pub(super) from_a_block { assert!(gochan::runtime::num_goroutine() > 0); });
    program!(with_a_result -> Result<(), String> { Err("on purpose".to_owned()) });

    pub(super) fn codes() -> [ExitCode; 2] {
        [from_a_block(), with_a_result()]
    }
}

#[test]
fn go_08_a_main_has_a_body_from_a_macro() {
    let codes = mains::codes().map(|code| format!("{code:?}"));
    assert_ne!(codes[0], codes[1]);
}

macro_rules! through {
    (@go $b:block) => { go!($b) };
    (go clones [$($name:ident),*] $b:block) => { go!([$($name),*] $b) };
    (go clone $name:ident = $source:expr, $e:expr) => { go!([$name = $source] $e) };
    (go call $f:expr, $($argument:expr),*) => { go!($f($($argument),*)) };
    (go method $receiver:expr, $method:ident) => { go!($receiver.$method()) };
    (go literal $p:pat, $t:ty, $b:block, $a:expr) => { go!(|$p: $t| $b($a)) };
    (go $e:expr) => { go!($e) };
    (@statements $s:stmt, $b:block) => { go! { $s; $b } };
    (@deep $b:block) => { through!(@go $b) };
    (@deep send $ch:expr, $v:expr) => { through!(send $ch, $v) };
    (@turbofish $f:ident, $t:ty, $a:expr) => { go!($f::<$t>($a)) };
    (@macro $name:ident, $a:expr) => { go!($name!($a)) };
    (chan $t:ty) => { chan!($t) };
    (chan $t:ty, $n:expr) => { chan!($t, $n) };
    (send $ch:expr, $v:expr) => { send!($ch <- $v) };
    (recv $ch:expr) => { recv!($ch) };
    (@ok $ch:expr) => { recv!($ch, ok) };
    (close $ch:expr) => { close!($ch) };
    (defer $e:expr) => { defer!($e) };
    (@defer $b:block) => { defer!($b) };
    (with $ctx:ident, $source:expr, $b:block) => { with_context!($ctx = $source => $b) };
    (with both $ctx:ident, $cancel:ident, $source:expr, $e:expr) => {
        with_context!(($ctx, $cancel) = $source => $e)
    };
}

fn add(a: u32, b: u32) -> u32 {
    a + b
}

fn same<T>(value: T) -> T {
    value
}

struct Counter(u32);

impl Counter {
    fn next(self) -> u32 {
        self.0 + 1
    }
}

#[gochan::test]
fn go_02_a_goroutine_runs_what_a_macro_passes_on() {
    assert_eq!(through!(go add(1, 2)).join().unwrap(), 3);
    assert_eq!(through!(go Counter(1).next()).join().unwrap(), 2);
    assert_eq!(through!(go { 4 }).join().unwrap(), 4);
    assert_eq!(through!(@go { 5 }).join().unwrap(), 5);
    assert_eq!(through!(go(|n: u32| { n + 1 })(5)).join().unwrap(), 6);
    assert_eq!(through!(go call add, 3, 4).join().unwrap(), 7);
    assert_eq!(through!(go method Counter(7), next).join().unwrap(), 8);
    assert_eq!(through!(go literal n, u32, { n + 1 }, 8).join().unwrap(), 9);
    assert_eq!(through!(go literal (a, b), (u32, u32), { a + b }, (4, 6)).join().unwrap(), 10);
    let shared = Arc::new(11);
    assert_eq!(through!(go clones [shared] { *shared }).join().unwrap(), 11);
    assert_eq!(through!(go clone mine = shared, { *mine }).join().unwrap(), 11);
    assert_eq!(through!(go clone mine = shared, drop(mine)).join().unwrap(), ());
    assert_eq!(through!(@statements let n = 12, { assert!(n > 0); n }).join().unwrap(), 12);
    assert_eq!(through!(@deep { 13 }).join().unwrap(), 13);
    assert_eq!(through!(@turbofish same, u64, 14).join().unwrap(), 14_u64);
    assert_eq!(through!(@macro vec, 15).join().unwrap(), [15]);
    // The spawner evaluates the arguments, here too.
    let evaluated = AtomicUsize::new(0);
    let argument = || evaluated.fetch_add(1, SeqCst) as u32;
    let goroutine = through!(go add(argument(), 1));
    assert_eq!(evaluated.load(SeqCst), 1);
    assert_eq!(goroutine.join().unwrap(), 1);
}

#[gochan::test]
fn ch_01_channels_take_what_a_macro_passes_on() {
    let a = through!(chan Vec<u32>, 1 + 1);
    assert_eq!(a.capacity(), 2);
    let b = through!(chan(u32, String), 1);
    let c = through!(chan Option<Chan<u8>>);
    assert_eq!(c.capacity(), 0);
    through!(send a, vec![1]);
    through!(@deep send &a, { vec![2] });
    assert_eq!(through!(recv a), [1]);
    assert_eq!(through!(@ok &a), (vec![2], true));
    through!(send b, (1, "b".to_owned()));
    assert_eq!(through!(recv b).0, 1);
    // Not taken apart: the arrow is the macro's.
    let (n, m) = (chan!(bool, 1), 2);
    through!(send n, m < -m);
    assert!(!through!(recv n));
    through!(close a);
    assert_eq!(through!(@ok a), (vec![], false));
}

#[test]
fn cx_13_a_context_and_a_deferred_call_take_what_a_macro_passes_on() {
    let order = std::cell::RefCell::new(Vec::new());
    {
        through!(defer order.borrow_mut().push(1));
        through!(@defer { order.borrow_mut().push(2); });
        through!(defer { order.borrow_mut().push(3) });
    }
    assert_eq!(*order.borrow(), [3, 2, 1]);
    let ctx = through!(with ctx, background().with_cancel(), { ctx.clone() });
    assert!(ctx.err().is_some());
    let err = through!(with both ctx, cancel, background().with_cancel(), {
        cancel.cancel();
        ctx.err()
    });
    assert!(err.is_some());
}

macro_rules! chosen {
    (recv $p:pat, $ch:expr, $body:expr) => { select! { $p = <-$ch => $body } };
    (@guard $p:pat, $ch:expr, $guard:expr, $body:expr) => { select! { $p = <-$ch, if $guard => $body, default => None } };
    (ok $v:ident, $ok:ident, $ch:expr, $body:block) => { select! { $v, $ok = <-$ch => $body } };
    (ok pats $v:pat, $ok:pat, $ch:expr, $body:expr) => { select! { $v, $ok = <-$ch => $body } };
    (some $p:pat, $ch:expr, $body:block, $closed:expr) => {
        select! { Some($p) = <-$ch else $closed => $body }
    };
    (whole $p:pat, $ch:expr, $body:block, $closed:block) => {
        select! { $p = <-$ch => $body else => $closed }
    };
    (else $p:pat, $ch:expr, $closed:block, $body:block) => { select! { $p = <-$ch else $closed => $body } };
    (plain $ch:expr, $body:block $other:block) => { select! { <-$ch => $body default => $other } };
    (send $ch:expr, $v:expr, $body:expr) => { select! { $ch <- $v => $body } };
    (sent $r:pat, $ch:expr, $v:expr, $body:expr) => { select! { $r = $ch <- $v => $body } };
    (offer $ch:expr, $v:expr, $body:block, $kept:block) => {
        select! { $ch <- $v => $body default => $kept }
    };
    (many $($ch:expr => $body:expr),*) => { select! { biased; $(<-$ch => $body,)* } };
}

#[gochan::test]
fn se_17_a_select_takes_what_a_macro_passes_on() {
    let ch = chan!((u32, u32), 2);
    send!(ch <- (1, 2));
    assert_eq!(chosen!(recv(a, b), ch, a + b), 3);
    send!(ch <- (3, 4));
    assert_eq!(chosen!(recv _, &ch, { 5 }), 5);
    send!(ch <- (3, 4));
    assert_eq!(chosen!(@guard (a, _), ch, ch.len() > 7, Some(a)), None);
    assert_eq!(chosen!(@guard (a, _), ch, ch.len() == 1, Some(a)), Some(3));
    send!(ch <- (5, 6));
    assert_eq!(chosen!(ok v, ok, ch, { (v, ok) }), ((5, 6), true));
    send!(ch <- (5, 6));
    assert_eq!(chosen!(ok pats (a, mut b), is_open, ch, { b += a; (b, is_open) }), (11, true));
    send!(ch <- (7, 8));
    assert_eq!(chosen!(some(a, _), ch, { a }, 0), 7);
    send!(ch <- (7, 8));
    assert_eq!(chosen!(whole Some((a, _)), ch, { a }, { 0 }), 7);
    assert_eq!(chosen!(plain ch, { 1 } { 2 }), 2);
    assert_eq!(chosen!(send ch, (9, 10), 3), 3);
    assert!(chosen!(sent result, ch, (11, 12), result.is_ok()));
    assert_eq!(chosen!(many ch => 0, chan!(u8) => 1), 0);
    close!(ch);
    assert_eq!(chosen!(many chan!(u8) => 0, ch => 1, ch => 2), 1);
    assert_eq!(chosen!(some(a, _), ch, { a }, 13), 13);
    assert_eq!(chosen!(else Some((a, _)), ch, { 14 }, { a }), 14);
    assert_eq!(chosen!(whole Some((a, _)), ch, { a }, { 15 }), 15);
    assert!(chosen!(sent Err(_) | Ok(()), ch, (0, 0), true));
}

#[test]
fn se_06_a_place_from_a_macro_keeps_what_is_not_sent() {
    let (full, job) = (chan!(String, 1), "job".to_owned());
    send!(full <- "first".to_owned());
    let kept = chosen!(offer full, job, { None }, { Some(job) });
    assert_eq!(kept.as_deref(), Some("job"));
    struct Desk {
        job: String,
    }
    let desk = Desk { job: "field".to_owned() };
    let kept = chosen!(offer full, desk.job, { None }, { Some(desk.job) });
    assert_eq!(kept.as_deref(), Some("field"));
}
