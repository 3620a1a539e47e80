use gochan::prelude::*;
fn drain<T, F: FnMut(T)>(ch: Chan<T>, mut f: F) {
    ch.iter().for_each(|value| f(value));
    ch.close(); //~ receiver_close
}

async fn drain_async(ch: Chan<u32>) {
    while let Some(n) = ch.recv_async().await {
        take(n);
    }
    close!(ch); //~ receiver_close
}

fn take(_: u32) {}
