use gochan::prelude::*;

fn example() {
    let ctx = background().with_value(42); //~ context_value_backdoor
    work(&ctx);
}
