use gochan::prelude::*;

fn example() {
    work(&gochan::context::todo()); //~ todo_context
}
