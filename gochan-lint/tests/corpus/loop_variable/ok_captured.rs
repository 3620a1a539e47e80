use gochan::prelude::*;

fn example() {
    for n in 0..4 {
        go!({ work(n); });
    }
    wait_for_all();
}
