use gochan::prelude::*;

fn example() {
    go!({
        let later = move || work(1); //~ missing_call
        later
    });
}
