#[gochan::main]
fn main<T>() {}
