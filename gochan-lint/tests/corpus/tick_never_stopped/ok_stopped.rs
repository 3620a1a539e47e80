use gochan::prelude::*;

fn three() {
    let beat = Ticker::new(Duration::from_secs(1));
    defer!(beat.stop());
    for _ in 0..3 { beat.channel().recv(); }
}
