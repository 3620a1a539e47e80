#[gochan::test(allow = "daemon")]
fn leaves() {}

fn main() {}
