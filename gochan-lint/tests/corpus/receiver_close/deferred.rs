use gochan::prelude::*;

fn example() {
    let jobs = chan!(u32);
    let feeder = jobs.clone();
    go!([jobs] {
        defer!(close!(jobs)); //~ receiver_close
        for n in &jobs { work(n); }
    });
    send!(feeder <- 1);
}
