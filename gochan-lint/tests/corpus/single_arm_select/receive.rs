use gochan::prelude::*;

fn run(rx: &Receiver<u32>) {
    select! { n = <-rx => work(n) } //~ single_arm_select
}
