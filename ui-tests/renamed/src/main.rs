//! An entry point that finds gochan by the name `Cargo.toml` gives it.

#[corridor::main]
fn main() -> Result<(), String> {
    println!("{}", renamed::sum(100));
    Err("this is how main fails".to_owned())
}
