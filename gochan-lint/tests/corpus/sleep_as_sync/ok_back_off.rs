use gochan::prelude::*;

fn example() {
    for n in 0..3 {
        go!(work(n));
        gochan::time::sleep(Duration::from_millis(100));
    }
}
