use gochan::prelude::*;

fn example() {
    go!(crate::jobs::work); //~ missing_call
}
