#[gochan::test]
async fn waits() {}

fn main() {}
