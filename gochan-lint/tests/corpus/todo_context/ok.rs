use gochan::prelude::*;

fn example() {
    work(&background());
}
