use gochan::prelude::*;

fn main() {
    chan!();
    chan!(16);
    chan!(i32; 16);
    chan!(i32, -1);
    chan!(i32, 1, 2);
    chan!(Missing);
    chan!(<-i32);
}
