use gochan::prelude::*;

fn value_arm(rx: Receiver<u32>, other: Receiver<u32>) {
    loop {
        select! {
            v = <-rx => work(v), //~ ok_ignored
            Some(v) = <-other => work(v),
        }
    }
}
fn method(rx: Receiver<u32>) {
    loop {
        let v = recv!(rx); //~ ok_ignored
        work(v);
    }
}
fn while_true(rx: Receiver<u32>) {
    while true {
        work(recv!(rx)); //~ ok_ignored
    }
}
