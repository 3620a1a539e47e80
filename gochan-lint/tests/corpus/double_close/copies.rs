use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 8);
    for n in 0..3 {
        go!([ch] {
            send!(ch <- n);
            close!(ch); //~ double_close
        });
    }
    wait_for_all();
}
