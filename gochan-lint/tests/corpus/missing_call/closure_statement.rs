use gochan::prelude::*;

fn example() {
    go!({
        prepare();
        || work(1); //~ missing_call
    });
}
