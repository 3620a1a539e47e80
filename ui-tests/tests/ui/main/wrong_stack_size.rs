#[gochan::main(stack_size = "big")]
fn main() {}
