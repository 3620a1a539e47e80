use gochan::prelude::*;

fn example() {
    let worker = go!({ parse().unwrap() });
    let _ = worker.join(); //~ ignored_join_error
}
