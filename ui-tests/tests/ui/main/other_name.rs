#[gochan::main]
fn start() {}
