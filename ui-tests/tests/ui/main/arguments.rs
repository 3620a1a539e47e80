#[gochan::main]
fn main(args: Vec<String>) {}
