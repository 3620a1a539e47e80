use gochan::prelude::*;

fn example() {
    go!({
        (0..3).for_each(|n| work(n));
    }).join().unwrap();
}
