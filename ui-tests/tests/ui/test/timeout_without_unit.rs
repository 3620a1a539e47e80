#[gochan::test(timeout = "5")]
fn ends() {}

#[gochan::test(timeout = 5)]
fn ends_too() {}

fn main() {}
