use gochan::prelude::*;

static START: Once = Once::new();
static SECOND: Once = Once::new();
fn start() {
    START.call_once(|| prepare());
}
fn prepare() {
    SECOND.call_once(|| work(1));
}
