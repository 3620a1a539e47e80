use gochan::prelude::*;

fn main() {
    let ch = chan!(i32, 1);
    go!({ send!(ch <- 1) }, [ch]);
    gochan::scope(|s| {
        go!(s, { println!("part") });
        go!(s, || println!("part"));
    });
}
