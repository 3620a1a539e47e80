#[gochan::main]
fn main() -> Result<(), String> {
    "text"
}
