use gochan::prelude::*;

fn start() {
    go!({
        prepare();
        go!(inner); //~ missing_call
        go!({ || inner() }); //~ missing_call
    });
}
