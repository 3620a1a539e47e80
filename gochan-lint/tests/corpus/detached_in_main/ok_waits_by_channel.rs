use gochan::prelude::*;

#[gochan::main]
fn main() -> Result<(), Error> {
    let done = chan!(());
    go!([done] { work(1); close!(done); });
    recv!(done);
    Ok(())
}
