use gochan::prelude::*;

fn three() {
    let beat = tick(Duration::from_secs(1)); //~ tick_never_stopped
    for _ in 0..3 { beat.recv(); }
}
