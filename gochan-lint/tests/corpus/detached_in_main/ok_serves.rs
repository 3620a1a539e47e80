use gochan::prelude::*;

fn main() {
    go!(work(1));
    loop { serve(); }
}
