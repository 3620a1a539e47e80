use gochan::prelude::*;

fn example() {
    go!({
        let later = move || work(1);
        later();
    }).join().unwrap();
}
