//! Whose names mean what.

use super::*;

#[gochan::test]
fn ours_and_yours_do_not_meet() {
    #![allow(non_snake_case, unused_variables)]
    let (__gochan_slot0, __gochan_chosen, __gochan_moving) = (chan!(u32, 4), 1, 2);
    let (channel, value, result, on, given_up) = (&__gochan_slot0, 3, 4, true, 5);
    select! {
        channel <- value, if on => assert_eq!((__gochan_chosen, __gochan_moving), (1, 2)),
    }
    select! {
        r = __gochan_slot0 <- result => {
            r.unwrap();
            assert_eq!(result, 4);
        }
    }
    select! {
        __gochan_slot0 <- given_up + value => assert_eq!(given_up + value, 8),
    }
    select! {
        __gochan_chosen = <-__gochan_slot0, if on => assert_eq!((__gochan_chosen, value), (3, 3)),
    }
    select! {
        value, on = <-channel => assert_eq!((value, on), (4, true)),
    }
    select! {
        Some(channel) = <-channel => assert_eq!((channel, value), (8, 3)),
    }
}

#[gochan::test]
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
    let (rx, tx) = (closed([1]), chan!(u32, 1));
    let n = 2;
    assert_eq!(
        ::gochan::select! {
            Some(n) = <-rx => n,
            else => 0,
        },
        1
    );
    ::gochan::select! {
        <-rx => {}
        tx <- n, if false => {}
    }
    ::gochan::select! {
        tx <- n => {}
    }
}

#[gochan::test]
fn in_a_macro_of_yours() {
    macro_rules! first {
        ($($rx:expr),* ; $default:expr) => { select! { $(Some(v) = <-$rx => v,)* default => $default } };
    }
    macro_rules! offer {
        ($tx:ident, $value:expr, $name:ident => $body:block) => {
            select! { $name = $tx <- $value => $body }
        };
    }
    let (a, b, job) = (chan!(Job), filled([Job(1)]), Job(2));
    assert_eq!(first!(a, &b; job), Job(1));
    let job = Job(2);
    offer!(b, job, sent => { assert_eq!(sent, Ok(())) });
    let job = Job(3);
    assert_eq!(first!(&a, b; job), Job(2));
}

#[gochan::test]
fn a_select_in_a_select() {
    let (a, b, c) = (filled([1]), filled([filled([2])]), chan!(i32, 1));
    select! {
        n = <-a => select! {
            m = <-select! {
                Some(inner) = <-b => inner,
            } => select! {
                c <- select! {
                    default => n + m,
                } => {}
                default => unreachable!(),
            },
            default => unreachable!(),
        },
    }
    assert_eq!(c.recv(), Some(3));
}
