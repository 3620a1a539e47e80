use gochan::prelude::*;

fn example() {
    let done = chan!(());
    for _ in 0..3 {
        go!([done] { select! { <-done => work(1), <-after(Duration::from_secs(1)) => work(2) } });
    }
    work(3);
    close!(done);
}
