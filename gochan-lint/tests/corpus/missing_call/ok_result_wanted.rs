use gochan::prelude::*;

fn example() {
    let later = go!({ move || work(1) }).join().unwrap();
    later();
}
