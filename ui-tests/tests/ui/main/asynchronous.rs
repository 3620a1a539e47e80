#[gochan::main]
async fn main() {}
