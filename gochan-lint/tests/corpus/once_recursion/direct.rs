use gochan::prelude::*;

fn example() {
    let once = Once::new();
    once.call_once(|| {
        once.call_once(|| work(1)); //~ once_recursion
    });
}
