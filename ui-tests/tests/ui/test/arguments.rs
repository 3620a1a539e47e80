#[gochan::test]
fn takes(n: i32) {}

fn main() {}
