use gochan::prelude::*;

fn example() {
    let jobs = chan!(u32);
    go!([jobs] { for n in 0..10 { send!(jobs <- n); } });
    for n in &jobs {
        if n == 5 { break; }
    }
    close!(jobs); //~ receiver_close
}
