use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 1);
    go!([ch] { send!(ch <- slow()); });
    select! {
        n = <-ch => work(n),
        <-after(Duration::from_secs(1)) => work(0),
    }
}
