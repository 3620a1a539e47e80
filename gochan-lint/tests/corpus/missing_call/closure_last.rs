use gochan::prelude::*;

fn example() {
    go!({
        move || work(1) //~ missing_call
    });
}
