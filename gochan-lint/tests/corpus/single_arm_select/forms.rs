use gochan::prelude::*;

fn comma_ok(rx: Receiver<u32>) {
    select! { v, ok = <-rx => work(v, ok) } //~ single_arm_select
}
fn some(rx: Receiver<u32>) {
    select! { Some(v) = <-rx else { return } => work(v) } //~ single_arm_select
}
fn discards(done: Receiver<()>) {
    select! { <-done => {} } //~ single_arm_select
}
fn sends(tx: Sender<u32>) {
    select! { tx <- 1 => work(1) } //~ single_arm_select
}
fn result(tx: Sender<u32>) {
    select! { r = tx <- 1 => work(r.is_ok()) } //~ single_arm_select
}
