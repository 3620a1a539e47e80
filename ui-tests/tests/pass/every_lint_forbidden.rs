//! An `allow` in an expansion is an error where the crate forbids the lint: there is none.

#![forbid(unused, unreachable_code, unreachable_patterns, unsafe_code, nonstandard_style)]

use gochan::prelude::*;

#[derive(Default)]
pub struct Point {
    x: i32,
    y: i32,
}

pub fn patterns(points: &Chan<Point>, bytes: &Chan<[u8; 3]>, pairs: &Chan<(Point, Option<u8>)>) {
    select! {
        Point { x, y } = <-points => println!("{x} {y}"),
        Point { x, .. }, ok = <-points => println!("{x} {ok}"),
        Some(Point { x: across, y: ref down }) = <-points => println!("{across} {down}"),
        all @ Point { .. } = <-points => println!("{}", all.x),
        [a, b, c] = <-bytes => println!("{a} {b} {c}"),
        [first, rest @ ..] = <-bytes => println!("{first} {rest:?}"),
        (Point { x, y: down }, Some(_) | None) = <-pairs => println!("{x} {down}"),
    }
}

#[gochan::main]
fn main() {
    let points = chan!(Point, 3);
    let list = vec![1];
    let double = |n: i32| 2 * n;
    println!("{:?}", go!([list] list.len()).join());
    println!("{:?}", go!([mut list] { list.push(1); list.len() }).join());
    println!("{:?}", go!((double)(list[0])).join());
    send!(points <- Point { x: 1, y: 2 });
    let point = Point { x: 1, y: 2 };
    select! {
        points <- point => {}
        r = points <- Point { x: 3, y: 4 } => println!("{}", r.is_ok()),
    }
    patterns(&points, &Chan::nil(), &Chan::nil());
    with_context!(ctx = background().with_cancel() => assert!(ctx.err().is_none()));
    defer!(close!(points));
}
