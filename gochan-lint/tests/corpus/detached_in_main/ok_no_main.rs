use gochan::prelude::*;

fn start() {
    go!(work(1));
}
