#[gochan::main]
fn main(self) {}
