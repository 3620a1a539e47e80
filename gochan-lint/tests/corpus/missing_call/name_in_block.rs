use gochan::prelude::*;

fn work() {}

fn start() {
    go!({
        prepare();
        work; //~ missing_call
    });
}
