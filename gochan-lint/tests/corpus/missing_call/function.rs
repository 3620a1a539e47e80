use gochan::prelude::*;

fn example() {
    go!(work); //~ missing_call
}
