use gochan::prelude::*;

fn example() {
    go!(move |n: u32| { println!("{n}"); }); //~ missing_call
}
