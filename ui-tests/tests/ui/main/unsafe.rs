#[gochan::main]
unsafe fn main() {}
