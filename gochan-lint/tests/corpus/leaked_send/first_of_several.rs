use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    for n in 0..3 {
        go!([ch] {
            send!(ch <- ask(n)); //~ leaked_send
        });
    }
    work(recv!(ch));
}
