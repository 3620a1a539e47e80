use gochan::prelude::*;

fn run(span: Span, rx: &Receiver<u32>) {
    let _entered = span.enter();
    rx.recv(); //~ thread_local_across_blocking
}
