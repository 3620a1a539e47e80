//! Nothing in a `select!` is warned about that the user did not write, and its `unsafe` is nobody's business.

#![forbid(unsafe_code)]
#![deny(warnings, unused, future_incompatible, keyword_idents, let_underscore, nonstandard_style)]
#![deny(unused_qualifications, unused_results, trivial_casts, unreachable_pub, variant_size_differences)]
#![deny(missing_docs, single_use_lifetimes, unused_lifetimes, unused_import_braces, unit_bindings)]

use gochan::prelude::*;

fn braces(rx: &Chan<i32>, tx: &Chan<i32>, n: i32) -> i32 {
    loop {
        select! {
            v = <-rx => { assert!(v < 9) }
            v, ok = <-rx => { if ok { return v } }
            Some(v) = <-rx else { return 1 } => { return v }
            <-rx => { return 1 }
            _ = <-rx => { break }
            tx <- n => { continue }
            tx <- 1 => { return n }
            r = tx <- { n } => { r.unwrap() }
            r = tx <- n => { return if r.is_ok() { 1 } else { 2 } }
            default => { return 3 }
        }
    }
    select! { v = <-rx => { v } };
    select! { <-rx => { n } };
    select! { tx <- n => { n } };
    select! { default => { n } };
    let parenthesized = select! {
        v = <-(rx), if (n > 3) => v,
        (tx) <- (n), if { true } => n,
        (tx) <- (n + 1) => n,
        else => { 4 },
    };
    parenthesized + select! { else => { 4 } }
}

#[derive(Default)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Default)]
struct Pair(i32, Option<Point>);

fn patterns(points: &Chan<Point>, pairs: &Chan<Pair>, tx: &Chan<Point>, arrays: &Chan<[i32; 3]>) -> i32 {
    select! {
        Point { x, mut y } = <-points => { y += 1; x + y }
        Point { x: column, .. }, _ = <-points => column,
        Some(Pair(n, ref rest)) = <-pairs => rest.as_ref().map_or(n, |rest| rest.x),
        Some(whole @ Pair(..)) = <-pairs => whole.0,
        [first, ..] = <-arrays => { first }
        (Ok(()) | Err(_)) = tx <- Point { x: 1, y: 2 } => 1,
        default => 0,
    }
}

fn unit(rx: &Chan<()>, tx: &Chan<()>) {
    select! { v = <-rx => v, () = <-rx => {}, tx <- () => (), default => {} }
    select! {
        tx <- v(), if false => {}
        r = tx <- v() => r.unwrap_or_default(),
    }
}

fn v() {}

fn park() -> ! {
    select! {}
}

fn main() {
    let (rx, tx) = (chan!(i32), chan!(i32));
    assert_eq!(braces(&rx, &tx, 1), 3);
    assert_eq!(patterns(&chan!(Point), &chan!(Pair), &chan!(Point), &chan!([i32; 3])), 0);
    unit(&chan!(()), &chan!((), 2));
    let _: fn() -> ! = park;
}
