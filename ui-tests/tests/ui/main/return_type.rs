#[gochan::main]
fn main() -> i32 {
    0
}
