use gochan::prelude::*;

async fn flush() {}

fn one() -> i32 {
    defer!(return 1);
    0
}

fn main() {
    loop {
        defer!(break);
        one();
    }
    defer!(flush().await);
}
