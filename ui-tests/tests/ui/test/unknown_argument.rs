#[gochan::test(runs = 100)]
fn explores() {}

fn main() {}
