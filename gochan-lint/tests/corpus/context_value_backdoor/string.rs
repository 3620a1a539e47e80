use gochan::prelude::*;

fn example() {
    let ctx = background().with_value("alice".to_string()); //~ context_value_backdoor
    work(&ctx);
}
