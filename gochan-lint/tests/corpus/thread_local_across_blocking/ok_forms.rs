use gochan::prelude::*;

scoped_tls::scoped_thread_local!(static CURRENT: u32);

fn computes() { CURRENT.set(&1, || work(1)); }
fn ends_before(rx: Receiver<u32>) {
    let span = tracing::info_span!("job");
    { let _entered = span.enter(); work(1); }
    work(rx.recv());
}
fn in_scope(rx: Receiver<u32>) {
    tracing::info_span!("job").in_scope(|| work(1));
    work(rx.recv());
}
