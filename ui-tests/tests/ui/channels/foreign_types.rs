use gochan::prelude::*;

fn main() {
    chan!(struct{});
    chan!([]int, 3);
    chan!(map[string]int);
    chan!(func());
    chan!(interface{});
}
