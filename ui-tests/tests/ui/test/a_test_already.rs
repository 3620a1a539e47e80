#[gochan::test]
#[test]
fn twice() {}

fn main() {}
