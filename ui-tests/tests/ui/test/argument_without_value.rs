#[gochan::test(explore)]
fn explores() {}

fn main() {}
