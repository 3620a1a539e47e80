#[gochan::main(stack = 1 << 20)]
fn main() {}
