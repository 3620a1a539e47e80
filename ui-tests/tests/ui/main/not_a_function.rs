#[gochan::main]
struct Main;

fn main() {}
