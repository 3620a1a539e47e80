use gochan::prelude::*;

fn example() {
    let worker = go!({ panic!("no") });
    worker.join().ok(); //~ ignored_join_error
}
