use gochan::prelude::*;

fn start() {
    go!((work)); //~ missing_call
    go!(&work); //~ missing_call
    go!({ work }); //~ missing_call
}

fn work() {}
