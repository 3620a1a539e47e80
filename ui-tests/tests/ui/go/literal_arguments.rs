use gochan::prelude::*;

fn main() {
    go!(|n: i32| { println!("{n}") }());
    go!(|| { println!() }(1, 2));
    go!(|n: i32| { println!("{n}") }("one"));
}
