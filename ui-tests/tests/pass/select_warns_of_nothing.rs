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
    unit(&chan!(()), &chan!((), 2));
    let _: fn() -> ! = park;
}
