use gochan::prelude::*;

fn run(tx: &Sender<u32>) {
    select! { //~ single_arm_select
        tx <- 1 => work(1),
    }
}
