use gochan::prelude::*;

fn main() {
    let mut total = 0;
    let shared = &mut total;
    go!({
        *shared += 1;
    });
    total += 1;
}
