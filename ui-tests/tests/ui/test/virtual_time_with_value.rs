#[gochan::test(virtual_time = true)]
fn waits() {}

fn main() {}
