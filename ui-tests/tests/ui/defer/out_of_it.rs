use gochan::prelude::*;

fn close() -> Result<(), String> {
    Ok(())
}

fn main() -> Result<(), String> {
    loop {
        defer!(close()?);
        defer!(break);
        defer! {
            return Ok(());
        }
    }
}
