#[gochan::test]
struct Test;

fn main() {}
