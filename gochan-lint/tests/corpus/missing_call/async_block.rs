use gochan::prelude::*;

fn example() {
    go!({
        async { work(1) } //~ missing_call
    });
}
