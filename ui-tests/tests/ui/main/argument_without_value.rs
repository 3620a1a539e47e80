#[gochan::main(stack_size)]
fn main() {}
