use gochan::prelude::*;

fn main() {
    let mut log = vec![1];
    defer!(log.push(3));
    log.push(2);
    let text = String::from("text");
    defer!(println!("{text}"));
    drop(text);
}
