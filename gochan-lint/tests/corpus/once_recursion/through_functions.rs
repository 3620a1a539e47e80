use gochan::prelude::*;

static START: Once = Once::new();
fn start() {
    START.call_once(|| prepare()); //~ once_recursion
}
fn prepare() {
    work(1);
    start();
}
