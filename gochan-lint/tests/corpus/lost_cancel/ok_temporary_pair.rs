use gochan::prelude::*;

fn run(parent: &Context) {
    step(&parent.with_cancel().0);
}
