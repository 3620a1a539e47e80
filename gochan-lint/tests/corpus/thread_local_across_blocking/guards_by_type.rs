use gochan::prelude::*;
use pyo3::{GILGuard, GILPool, Python};
use tracing::span::{Entered, EnteredSpan};
use tracing::{Span, info_span};

fn owned(_entered: EnteredSpan, input: &Receiver<u32>) {
    work(input.recv()); //~ thread_local_across_blocking
}
fn borrowed(_entered: &Entered<'_>, input: &Receiver<u32>) {
    work(input.recv()); //~ thread_local_across_blocking
}
fn by_path(env: jni::AttachGuard<'_>, input: &Receiver<u32>) {
    work(&env, input.recv()); //~ thread_local_across_blocking
}
fn current(input: &Receiver<u32>) {
    let current = Span::current();
    let _entered = current.enter();
    work(input.recv()); //~ thread_local_across_blocking
}
fn annotated(input: &Receiver<u32>) {
    let entered: EnteredSpan = begin();
    work(input.recv()); //~ thread_local_across_blocking
    drop(entered);
}
fn returned(input: &Receiver<u32>) {
    let _entered = enters();
    work(input.recv()); //~ thread_local_across_blocking
}
fn enters() -> EnteredSpan { info_span!("job").entered() }
fn pool(input: &Receiver<u32>) {
    let gil = Python::acquire_gil();
    work(input.recv()); //~ thread_local_across_blocking
    drop(gil);
    let pool = unsafe { GILPool::new() };
    work(pool.python(), input.recv()); //~ thread_local_across_blocking
}
fn kept(gil: GILGuard, input: &Receiver<u32>) {
    gochan::time::sleep(Duration::from_secs(1)); //~ thread_local_across_blocking
    work(gil.python(), input.try_recv());
}
fn in_scope(input: &Receiver<u32>) {
    info_span!("job").in_scope(|| work(input.recv())); //~ thread_local_across_blocking
}
fn in_goroutine(input: Receiver<u32>) {
    go!({
        let _entered = info_span!("job").entered();
        for n in &input { work(n); } //~ thread_local_across_blocking
    });
}
