use gochan::prelude::*;

scoped_tls::scoped_thread_local!(static CURRENT: u32);

fn sets(rx: Receiver<u32>) {
    CURRENT.set(&1, || {
        work(recv!(rx)); //~ thread_local_across_blocking
    });
}
fn spans(rx: Receiver<u32>) {
    let span = tracing::info_span!("job");
    let _entered = span.enter();
    work(rx.recv()); //~ thread_local_across_blocking
}
fn owned(rx: Receiver<u32>) {
    let _entered = tracing::info_span!("job").entered();
    gochan::time::sleep(Duration::from_secs(1)); //~ thread_local_across_blocking
}
