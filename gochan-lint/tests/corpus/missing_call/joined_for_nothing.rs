use gochan::prelude::*;

fn example() {
    let handle = go!({ move || work(1) }); //~ missing_call
    handle.join().unwrap();
}
