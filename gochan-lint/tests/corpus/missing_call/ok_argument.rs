use gochan::prelude::*;

fn example() {
    go!({
        run(move || work(1));
    });
    go!(run(|| work(2))).join().unwrap();
}
