use gochan::prelude::*;

fn clean_up(_: i32) {}

fn main() {
    defer!(clean_up("one"));
    defer!(missing());
    defer!(clean_up(1) clean_up(2));
    let wg = WaitGroup::new();
    defer!(wg.finish());
}
