use gochan::prelude::*;

fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    go!();
    go!(async { work() });
    go!(async move { work() });
    go!(move { work() });
    go!(work()?);
    go!(work().await);
    go!(work(), work());
    go!(1 + 1);
}
