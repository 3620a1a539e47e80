use gochan::prelude::*;

fn serve() {
    let beat = tick(Duration::from_secs(1));
    loop { beat.recv(); work(1); }
}
