use gochan::prelude::*;

fn example() {
    go!(|| { //~ missing_call
        println!("hello");
    });
}
