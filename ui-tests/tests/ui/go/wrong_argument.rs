use gochan::prelude::*;

fn work(name: &'static str, times: usize) {
    println!("{name} {times}");
}

fn main() {
    let times = "three";
    go!(work("name", times));
    go!(work("name"));
    go!(work(unknown, 3));
}
