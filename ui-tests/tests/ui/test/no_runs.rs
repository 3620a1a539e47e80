#[gochan::test(explore = 0)]
fn explores() {}

fn main() {}
