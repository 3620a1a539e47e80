use gochan::prelude::*;

fn main() {
    go!(async { ping().await }); //~ missing_call
    go!(async move { ping().await }); //~ missing_call
}
