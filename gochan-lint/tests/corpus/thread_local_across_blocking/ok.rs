use gochan::prelude::*;

fn run(span: Span, rx: &Receiver<u32>) {
    {
        let _entered = span.enter();
        work(1);
    }
    rx.recv();
    CURRENT.set(&1, || work(2));
}
