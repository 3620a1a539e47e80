use gochan::prelude::*;

fn three() {
    let beat = tick(Duration::from_secs(1));
    for _ in 0..3 { beat.recv(); }
}
